/// One schema of a property while it is read: its keywords by name, each with its line.
struct PropertySchema {
    let place: String
    let line: Int
    let keywords: [String: FileNode]

    /// Keywords that describe and do not restrict.
    static let annotations = ["title", "description", "examples", "deprecated", "default", "$comment"]

    /// The keywords that each type understands, besides `type`, `enum`, `const` and annotations.
    static let keywordsByType: [String: [String]] = [
        "string": ["minLength", "maxLength", "pattern", "format"],
        "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        "boolean": [],
        "object": ["properties", "required", "additionalProperties"],
        "array": ["items", "minItems", "maxItems"],
        "null": [],
    ]

    static let allKeywords =
        ["type", "enum", "const"] + annotations + Set(keywordsByType.values.joined()).sorted()

    func place(of keyword: String) -> String { FileReader.join(place, keyword) }
}

extension FileReader {
    /// Objects and arrays within each other, which keeps validation's recursion within what a JSON body may hold.
    private static let depthLimit = 32

    /// The type that a property's schema declares; `nil` after its problems were reported.
    mutating func fieldType(_ node: FileNode, _ place: String, depth: Int = 1) -> FieldType? {
        guard depth <= Self.depthLimit else {
            report(node.line, place, "more than \(Self.depthLimit) schemas within each other")
            return nil
        }
        guard let entries = entries(node, place) else { return nil }
        let problemCount = problems.count
        for entry in entries where !PropertySchema.allKeywords.contains(entry.key) {
            reportUnknown(entry, in: place, known: PropertySchema.allKeywords, noun: "keyword")
        }
        let keywords = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        let schema = PropertySchema(place: place, line: node.line, keywords: keywords)
        checkAnnotations(schema)
        let types = typeNames(schema)
        guard problems.count == problemCount else { return nil }
        for (keyword, value) in keywords.sorted(by: { $0.value.line < $1.value.line }) {
            let owners = PropertySchema.keywordsByType.filter { $0.value.contains(keyword) }.keys
            if !owners.isEmpty, !owners.contains(types.name ?? "") {
                let subject = types.name.map { "type \($0)" } ?? "a property without a type"
                report(value.line, schema.place(of: keyword), "does not apply to \(subject)")
            }
        }
        guard problems.count == problemCount else { return nil }
        let type = declaredType(schema, types.name, depth: depth)
        guard problems.count == problemCount, let type else { return nil }
        return types.isNullable ? .nullable(type) : type
    }

    private mutating func checkAnnotations(_ schema: PropertySchema) {
        for keyword in ["title", "description", "$comment"] {
            if let node = schema.keywords[keyword] { _ = string(node, schema.place(of: keyword)) }
        }
        if let node = schema.keywords["deprecated"] { _ = boolean(node, schema.place(of: "deprecated")) }
        if let node = schema.keywords["examples"] { _ = elements(node, schema.place(of: "examples")) }
    }

    /// The one type besides null; no name: none was declared.
    private mutating func typeNames(_ schema: PropertySchema) -> (name: String?, isNullable: Bool) {
        guard let node = schema.keywords["type"] else { return (nil, false) }
        let place = schema.place(of: "type")
        var names: [String]
        if case .sequence = node.content {
            names = self.names(node, place).map(\.name)
        } else {
            names = string(node, place).map { [$0] } ?? []
        }
        for name in names where PropertySchema.keywordsByType[name] == nil {
            report(
                node.line, place,
                "\(name) is no type; types are string, number, integer, boolean, object, array and null")
        }
        let isNullable = names.contains("null")
        names.removeAll { $0 == "null" }
        if names.count > 1 {
            report(node.line, place, "more than one type; one type, or one and null, is supported")
        } else if names.isEmpty {
            report(node.line, place, "no type besides null")
        }
        return (names.first, isNullable)
    }

    private mutating func declaredType(_ schema: PropertySchema, _ name: String?, depth: Int) -> FieldType? {
        if schema.keywords["enum"] != nil || schema.keywords["const"] != nil { return choice(schema, name) }
        switch name {
        case "string": return stringType(schema)
        case "number": return .number(numberLimits(schema))
        case "integer": return .integer(integerLimits(schema))
        case "boolean": return .boolean
        case "array": return arrayType(schema, depth: depth)
        case "object":
            if schema.keywords["properties"] == nil { return dictionaryType(schema) }
            return objectType(schema.keywords, schema.place, depth: depth).map(FieldType.object)
        default: return .any
        }
    }

    private mutating func arrayType(_ schema: PropertySchema, depth: Int) -> FieldType? {
        var limits = CountLimits()
        if let node = schema.keywords["minItems"] { limits.minimum = count(node, schema.place(of: "minItems")) }
        if let node = schema.keywords["maxItems"] { limits.maximum = count(node, schema.place(of: "maxItems")) }
        if let minimum = limits.minimum, let maximum = limits.maximum, minimum > maximum {
            report(schema.line, schema.place, "minItems is more than maxItems")
        }
        guard let items = schema.keywords["items"] else { return .array(of: .any, limits: limits) }
        return fieldType(items, schema.place(of: "items"), depth: depth + 1).map { .array(of: $0, limits: limits) }
    }

    private mutating func dictionaryType(_ schema: PropertySchema) -> FieldType? {
        if let node = schema.keywords["required"] {
            report(node.line, schema.place(of: "required"), "there are no properties")
        }
        if let node = schema.keywords["additionalProperties"] {
            let place = schema.place(of: "additionalProperties")
            if boolean(node, place) == false { report(node.line, place, "there are no properties") }
        }
        return .dictionary
    }
}
