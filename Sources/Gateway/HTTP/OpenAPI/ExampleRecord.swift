import RecordSchema

/// A valid record of a collection, for the OpenAPI document: the collection file's own example where it has one, else
/// one made from the types, the properties' examples and the limits.
///
/// Whatever is made is judged as every record is, so that no example is ever refused; where rules refuse all that was
/// made, there is none.
struct ExampleRecord {
    /// As a client sends it.
    let sent: JSONObject
    /// As validation leaves it.
    let stored: JSONObject

    init?(of definition: CollectionDefinition) {
        let given = (definition.schema["examples"]?.arrayValue ?? []).compactMap(\.objectValue)
        let made = [Self.record(of: definition, isWhole: true), Self.record(of: definition, isWhole: false)]
        for candidate in given + made.compactMap({ $0 }) {
            if case .success(let valid) = definition.validate(.object(candidate), now: WallClock.microseconds()) {
                sent = candidate
                stored = valid.fields
                return
            }
        }
        return nil
    }

    /// A longer vector would be most of the document.
    private static let dimensionMax = 4_096

    /// - Parameter isWhole: With the fields that may be absent.
    private static func record(of definition: CollectionDefinition, isWhole: Bool) -> JSONObject? {
        let declared = definition.schema["properties"]?.objectValue ?? [:]
        guard var record = ExampleValue.members(of: definition.type, declared: declared, isWhole: isWhole) else { return nil }
        if case .vector(let dimension, _) = definition.embeddingSource {
            guard dimension <= dimensionMax else { return nil }
            // Of length 1: 0.6² + 0.8² = 1.
            let start: [JSON] = dimension == 1 ? [1.0] : [0.6, 0.8]
            record["vector"] = .array(start + Array(repeating: 0.0, count: dimension - start.count))
        }
        return record
    }
}

/// A value that a type allows.
enum ExampleValue {
    /// - Parameters:
    ///   - declared: The properties as the file declares them, for their `examples`.
    ///   - isWhole: With those that may be absent.
    /// - Returns: `nil` where one that is required cannot be made.
    static func members(of type: ObjectType, declared: JSONObject, isWhole: Bool) -> JSONObject? {
        var members = JSONObject()
        for (index, field) in type.fields.enumerated() where field.isRequired || isWhole {
            if let value = value(of: field, declared[field.name]?.objectValue ?? [:], index: index) {
                members[field.name] = value
            } else if field.isRequired {
                return nil
            }
        }
        return members
    }

    /// The first of the candidates that is valid.
    private static func value(of field: Field, _ declared: JSONObject, index: Int) -> JSON? {
        let given = declared["examples"]?.arrayValue ?? []
        return (given + candidates(field.type, field.name, declared, index: index)).first { candidate in
            var issues: [ValidationIssue] = []
            return field.type.validate(candidate, at: [], into: &issues) != nil && issues.isEmpty
        }
    }

    /// - Parameter index: The place among the fields. Numbers and times rise with it, so that rules such as
    ///   `salary_min <= salary_max` hold.
    private static func candidates(_ type: FieldType, _ name: String, _ declared: JSONObject, index: Int) -> [JSON] {
        switch type {
        case .nullable(let type): return candidates(type, name, declared, index: index)
        case .any: return ["anything"]
        case .string(let limits): return strings(limits, name)
        case .integer(let limits):
            let low = limits.minimum ?? limits.exclusiveMinimum
            let high = limits.maximum ?? limits.exclusiveMaximum
            return numbers(
                low: low.map(Double.init), high: high.map(Double.init), step: limits.multipleOf.map(Double.init), index: index
            ).compactMap { Int64(exactly: $0.rounded()) }.map { .integer($0) }
        case .number(let limits):
            return numbers(
                low: limits.minimum ?? limits.exclusiveMinimum, high: limits.maximum ?? limits.exclusiveMaximum,
                step: limits.multipleOf, index: index
            ).map { .number($0) }
        case .boolean: return [true]
        case .dateTime: return [.string(day(index) + "T09:00:00Z")]
        case .date: return [.string(day(index))]
        case .choice(let choice): return choice.values
        case .array(let element, let limits):
            let declared = declared["items"]?.objectValue ?? [:]
            let field = Field(name: name, type: element, isRequired: true)
            guard let value = value(of: field, declared, index: index) else { return [[]] }
            let count = max(1, limits.minimum ?? 0)
            return count <= 100 ? [.array(Array(repeating: value, count: count)), []] : []
        case .object(let type):
            let declared = declared["properties"]?.objectValue ?? [:]
            return members(of: type, declared: declared, isWhole: true).map { [.object($0)] } ?? []
        case .dictionary: return [["key": "value"]]
        }
    }

    /// Words made from the field's name, of a length that is allowed; for a pattern, what patterns are often about.
    private static func strings(_ limits: StringLimits, _ name: String) -> [JSON] {
        let words = "example " + name.split(separator: "_").joined(separator: " ")
        let usual =
            [words, "example", "Example", "EXAMPLE", "A", "a", "KE", "KES", "ABC-123", "AB12", "a1", "1", "12", "123", "1234"]
            + ["12345", "123456", "+254700000000", "name@example.org", "https://example.org/", "2025-01-01", "09:00", "1.0.0"]
            + ["00000000-0000-4000-8000-000000000000", "192.0.2.1", "#a0b1c2"]
        let minimum = limits.minLength ?? 0
        guard minimum <= 1_000 else { return [] }
        return usual.flatMap { text -> [JSON] in
            var padded = text
            while padded.unicodeScalars.count < minimum { padded += " " + text }
            guard let maximum = limits.maxLength, padded.unicodeScalars.count > maximum else { return [.string(padded)] }
            return [.string(String(String.UnicodeScalarView(padded.unicodeScalars.prefix(maximum))))]
        }
    }

    private static func numbers(low: Double?, high: Double?, step: Double?, index: Int) -> [Double] {
        let start = Double(index + 1) * 10
        var numbers = [start]
        if let low { numbers += [low + start, low + 1, low] }
        if let high { numbers += [high - 1, high] }
        if let low, let high { numbers.append(low + (high - low) / 2) }
        guard let step else { return numbers }
        return numbers.flatMap { [($0 / step).rounded(.down) * step, ($0 / step).rounded(.up) * step] }
    }

    /// Days of 2025 that rise with the field's place, the last for all from the tenth on.
    private static func day(_ index: Int) -> String { "2025-11-1\(min(index, 9))" }
}
