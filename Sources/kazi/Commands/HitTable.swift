import RecordSchema

/// Search hits as a table, whatever the collection: the score, then the fields in the record's order.
struct HitTable: Sendable {
    let hits: [JSONObject]
    /// The fields to show; `nil` leaves the choice to the table.
    var fields: [String]?

    /// Fields that the gateway adds.
    private static let ownFields: Set<String> = ["id", "score", "created_at", "updated_at", "vector"]
    /// A field whose values are longer than this on average is prose and left out.
    private static let meanLengthMax = 48

    /// Lines for a terminal of `width` columns; `nil` cuts nothing.
    func lines(width: Int?) -> [String] {
        let names = fields ?? chosenFields
        var table = TextTable(
            columns: [.init(heading: "score", alignsRight: true)]
                + names.map { .init(heading: $0, alignsRight: isNumeric($0)) })
        for hit in hits {
            table.append([Self.score(hit["score"])] + names.map { Self.text(hit[$0] ?? .null) })
        }
        return table.lines(width: width)
    }

    /// Every field that has a value in some hit and is neither prose nor an address.
    private var chosenFields: [String] {
        var names: [String] = []
        for hit in hits {
            for member in hit.members where !Self.ownFields.contains(member.key) && !names.contains(member.key) {
                names.append(member.key)
            }
        }
        return names.filter { name in
            let values = hits.compactMap { $0[name] }.filter { !$0.isNull }
            guard !values.isEmpty else { return false }
            let texts = values.map(Self.text)
            let isAddress = texts.allSatisfy { $0.hasPrefix("http://") || $0.hasPrefix("https://") }
            return !isAddress && texts.reduce(0) { $0 + $1.count } / texts.count <= Self.meanLengthMax
        }
    }

    private func isNumeric(_ name: String) -> Bool {
        let values = hits.compactMap { $0[name] }.filter { !$0.isNull }
        return !values.isEmpty && values.allSatisfy { $0.doubleValue != nil }
    }

    private static func score(_ value: JSON?) -> String {
        guard let score = value?.doubleValue, score.isFinite, abs(score) < 1e9 else { return "" }
        let thousandths = Int((score * 1000).rounded())
        let digits = String(thousandths.magnitude)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return (thousandths < 0 ? "-" : "") + padded.dropLast(3) + "." + padded.suffix(3)
    }

    /// A value as a person reads it.
    static func text(_ value: JSON) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .integer(let number): ProgressLine.grouped(Int(number))
        case .number(let number) where number == number.rounded() && abs(number) < 1e15: ProgressLine.grouped(Int(number))
        case .array(let elements) where elements.allSatisfy { $0.stringValue != nil }:
            elements.compactMap(\.stringValue).joined(separator: ", ")
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }
}
