extension FileReader {
    mutating func stringType(_ schema: PropertySchema) -> FieldType? {
        if let node = schema.keywords["format"] { return formattedType(schema, node) }
        var limits = StringLimits()
        if let node = schema.keywords["minLength"] { limits.minLength = count(node, schema.place(of: "minLength")) }
        if let node = schema.keywords["maxLength"] { limits.maxLength = count(node, schema.place(of: "maxLength")) }
        if let minimum = limits.minLength, let maximum = limits.maxLength, minimum > maximum {
            report(schema.line, schema.place, "minLength is more than maxLength")
        }
        if let node = schema.keywords["pattern"], let text = string(node, schema.place(of: "pattern")) {
            do throws(PatternError) {
                limits.pattern = try Pattern(text)
            } catch {
                report(
                    node.line, schema.place(of: "pattern"), "at character \(error.position + 1): \(error.reason)")
            }
        }
        return .string(limits)
    }

    private mutating func formattedType(_ schema: PropertySchema, _ node: FileNode) -> FieldType? {
        let place = schema.place(of: "format")
        guard let format = string(node, place) else { return nil }
        for keyword in ["minLength", "maxLength", "pattern"] {
            if let limit = schema.keywords[keyword] {
                report(limit.line, schema.place(of: keyword), "does not apply to a string with a format")
            }
        }
        switch format {
        case "date-time": return .dateTime
        case "date": return .date
        default:
            report(node.line, place, "\(format) is not supported; formats are date-time and date")
            return nil
        }
    }

    mutating func integerLimits(_ schema: PropertySchema) -> IntegerLimits {
        func read(_ keyword: String, _ reader: inout FileReader) -> Int64? {
            schema.keywords[keyword].flatMap { reader.integer($0, schema.place(of: keyword)) }
        }
        let limits = IntegerLimits(
            minimum: read("minimum", &self), maximum: read("maximum", &self),
            exclusiveMinimum: read("exclusiveMinimum", &self), exclusiveMaximum: read("exclusiveMaximum", &self),
            multipleOf: read("multipleOf", &self))
        if let factor = limits.multipleOf, factor <= 0 { reportFactor(schema) }
        return limits
    }

    mutating func numberLimits(_ schema: PropertySchema) -> NumberLimits {
        func read(_ keyword: String, _ reader: inout FileReader) -> Double? {
            schema.keywords[keyword].flatMap { reader.number($0, schema.place(of: keyword)) }
        }
        let limits = NumberLimits(
            minimum: read("minimum", &self), maximum: read("maximum", &self),
            exclusiveMinimum: read("exclusiveMinimum", &self), exclusiveMaximum: read("exclusiveMaximum", &self),
            multipleOf: read("multipleOf", &self))
        if let factor = limits.multipleOf, factor <= 0 { reportFactor(schema) }
        return limits
    }

    private mutating func reportFactor(_ schema: PropertySchema) {
        report(schema.line, schema.place(of: "multipleOf"), "must be more than 0")
    }

    // MARK: - Choices

    /// `enum` as a Python enumeration, `const` as a literal. Other limits beside them could only forbid a value that
    /// was just allowed, so they are refused.
    mutating func choice(_ schema: PropertySchema, _ type: String?) -> FieldType? {
        let keyword = schema.keywords["enum"] != nil ? "enum" : "const"
        guard let node = schema.keywords[keyword] else { return nil }
        let place = schema.place(of: keyword)
        let allowed = ["type", keyword] + PropertySchema.annotations
        for (other, value) in schema.keywords.sorted(by: { $0.key < $1.key }) where !allowed.contains(other) {
            report(value.line, schema.place(of: other), "has no use beside \(keyword)")
        }
        if keyword == "const" {
            let value = Self.json(node, type)
            guard Self.isLiteral(value), Self.fits(value, type) else {
                report(node.line, place, "must be a string, an integer or a boolean, and of the property's type")
                return nil
            }
            return .choice(Choice(kind: .literal, values: [value]))
        }
        guard let values = enumeration(node, place, type) else { return nil }
        return .choice(Choice(kind: .enumeration, values: values))
    }

    private mutating func enumeration(_ node: FileNode, _ place: String, _ type: String?) -> [JSON]? {
        guard let elements = elements(node, place) else { return nil }
        let problemCount = problems.count
        var values: [JSON] = []
        for element in elements {
            let value = Self.json(element, type)
            // A type that may be null says so itself; there null has no place of its own in the list.
            if value.isNull, type != nil { continue }
            if values.contains(value) {
                report(element.line, place, "\(PythonText.repr(value)) is there twice")
            } else if !Self.fits(value, type) {
                report(element.line, place, "\(PythonText.repr(value)) is not of the property's type")
            }
            values.append(value)
        }
        let kinds = Set(values.map(Self.kindName))
        if values.isEmpty {
            report(node.line, place, "must not be empty")
        } else if problems.count == problemCount, kinds.count > 1 || kinds.contains("other") {
            report(node.line, place, "must be all strings, all integers or all numbers")
        }
        return values
    }

    /// The value, an integer as a number where the type is number.
    private static func json(_ node: FileNode, _ type: String?) -> JSON {
        let value = node.json
        if type == "number", case .integer(let integer) = value { return .number(Double(integer)) }
        return value
    }

    private static func kindName(_ value: JSON) -> String {
        switch value {
        case .string: "string"
        case .integer: "integer"
        case .number(let number) where number.isFinite: "number"
        default: "other"
        }
    }

    private static func isLiteral(_ value: JSON) -> Bool {
        switch value {
        case .string, .integer, .boolean: true
        default: false
        }
    }

    private static func fits(_ value: JSON, _ type: String?) -> Bool {
        switch type {
        case nil: true
        case "boolean": value.booleanValue != nil
        default: kindName(value) == type
        }
    }
}
