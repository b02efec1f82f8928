extension Validator {
    mutating func string(_ value: JSON, _ limits: StringLimits) -> JSON? {
        guard case .string(let text) = value else { return refuse(.stringType, value) }
        if let minLength = limits.minLength, minLength > 0, !Self.length(of: text, exceeds: minLength - 1) {
            return refuse(.stringTooShort(minLength: minLength), value)
        }
        if let maxLength = limits.maxLength, Self.length(of: text, exceeds: maxLength) {
            return refuse(.stringTooLong(maxLength: maxLength), value)
        }
        if let pattern = limits.pattern, !pattern.matches(text) {
            return refuse(.stringPatternMismatch(pattern.source), value)
        }
        return value
    }

    /// Lengths are in code points, of which each has one to four bytes: often enough to know.
    private static func length(of text: String, exceeds limit: Int) -> Bool {
        let byteCount = text.utf8.count
        if byteCount <= limit { return false }
        return byteCount / 4 > limit || text.unicodeScalars.count > limit
    }

    mutating func boolean(_ value: JSON) -> JSON? {
        switch value {
        case .boolean:
            return value
        case .string(let text):
            switch text.utf8.count <= 5 ? text.lowercased() : "" {
            case "0", "f", "n", "no", "off", "false": return false
            case "1", "t", "y", "on", "yes", "true": return true
            default: return refuse(.boolParsing, value)
            }
        case .integer(let number):
            guard number == 0 || number == 1 else { return refuse(.boolParsing, value) }
            return .boolean(number == 1)
        case .number(let number):
            guard case .integer(let integer)? = try? Self.integer(number).get() else {
                return refuse(.boolType, value)
            }
            guard integer == 0 || integer == 1 else { return refuse(.boolParsing, value) }
            return .boolean(integer == 1)
        default:
            return refuse(.boolType, value)
        }
    }

    mutating func dateTime(_ value: JSON) -> JSON? {
        switch DateTimeInput.dateTime(value) {
        case .success(let time): .string(Timestamp.rfc3339(time.microsecondsUTC))
        case .failure(let kind): refuse(kind, value)
        }
    }

    mutating func date(_ value: JSON) -> JSON? {
        switch DateTimeInput.date(value) {
        case .success(let date): .string(Timestamp.text(date))
        case .failure(let kind): refuse(kind, value)
        }
    }

    mutating func choice(_ value: JSON, _ choice: Choice) -> JSON? {
        switch choice.kind {
        case .literal: literal(value, choice)
        case .enumeration: enumeration(value, choice)
        }
    }

    /// A literal is matched by equality as Python has it, in which `1`, `1.0` and `true` are equal.
    private mutating func literal(_ value: JSON, _ choice: Choice) -> JSON? {
        if let match = choice.values.first(where: { $0 == value }) { return match }
        let expectsInteger = choice.values.contains { if case .integer = $0 { true } else { false } }
        if case .bigInteger = value, expectsInteger { return refuse(.intParsingSize, value) }
        guard let number = Self.pythonNumber(value),
            let match = choice.values.first(where: { Self.pythonNumber($0) == number })
        else { return refuse(.notOneOf(choice), value) }
        return match
    }

    /// What a value counts for when Python compares it with a number.
    private static func pythonNumber(_ value: JSON) -> Double? {
        switch value {
        case .boolean(let value): value ? 1 : 0
        case .integer(let value): Double(exactly: value)
        case .number(let value): value
        default: nil
        }
    }

    /// The members of an enumeration are all strings, all integers or all numbers, and the value is read as one such.
    private mutating func enumeration(_ value: JSON, _ choice: Choice) -> JSON? {
        let read: JSON?
        switch choice.values.first {
        case .integer:
            read = Self.integer(value)
            // As in pydantic-core, with the number that was read as the input.
            if let read, case .bigInteger = read { return refuse(.intParsingSize, read) }
        case .number: read = try? Self.number(value).get()
        default: read = value
        }
        guard let read, let match = choice.values.first(where: { $0 == read }) else {
            return refuse(.notOneOf(choice), value)
        }
        return match
    }

    private static func integer(_ value: JSON) -> JSON? {
        try? integer(value).get()
    }
}
