import Testing

@testable import RecordSchema

@Suite("Single values against Pydantic", .enabled(if: Oracle.isAvailable, Oracle.absence))
struct PydanticScalarTests {
    static let types: [(name: String, type: FieldType)] = [
        ("integer", .integer), ("number", .number), ("boolean", .boolean), ("datetime", .dateTime), ("date", .date),
        ("string", .string),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: types.indices)
    func `are read and refused alike`(index: Int) throws {
        let (name, type) = Self.types[index]
        let values = Self.values(seed: UInt64(index))
        let answer = try Oracle.answers(to: [
            .object(["type": .string(name), "values": .array(values.map(JSON.string))])
        ])
        let verdicts = try #require(answer.first?.arrayValue)
        try #require(verdicts.count == values.count)
        var differences: [String] = []
        for (value, verdict) in zip(values, verdicts) {
            let ours = Self.verdict(try JSON(parsing: Array(value.utf8)), type)
            if text(ours) != text(verdict) {
                differences.append("\(name) of \(value.prefix(200)): ours \(text(ours)), Pydantic's \(text(verdict))")
            }
        }
        let isEmpty = differences.isEmpty
        #expect(isEmpty, summary(differences))
    }

    /// About 15,000 for each type.
    private static func values(seed: UInt64) -> [String] {
        var generator = SeededGenerator(seed: seed)
        var values = ValueTexts.integers + ValueTexts.numbers + ValueTexts.others + ValueTexts.unixTimes
        values += (ValueTexts.texts + ValueTexts.numericTexts + ValueTexts.times).map(ValueTexts.quoted)
        for _ in 0..<5_000 {
            values.append(ValueTexts.quoted(ValueTexts.mutated(ValueTexts.times, using: &generator)))
            values.append(
                ValueTexts.quoted(ValueTexts.mutated(Array(ValueTexts.numericTexts.prefix(48)), using: &generator)))
            values.append(ValueTexts.randomNumber(using: &generator))
        }
        for _ in 0..<3_000 { values.append(ValueTexts.quoted(ValueTexts.randomText(using: &generator))) }
        return values
    }

    private static func verdict(_ value: JSON, _ type: FieldType) -> JSON {
        var issues: [ValidationIssue] = []
        if let result = type.validate(value, at: [], into: &issues) { return .object(["ok": result]) }
        return .object(["errors": .array(issues.map(\.json))])
    }
}
