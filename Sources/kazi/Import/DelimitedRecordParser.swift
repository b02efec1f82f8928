import RecordSchema

/// Rows under a header row as records: every value a string, for the gateway's lax validation to type; an empty value
/// is an absent field.
struct DelimitedRecordParser: RecordParser {
    private var rows: DelimitedParser
    private let mapping: FieldMapping
    private var plan: ColumnPlan?
    private var pending: [DelimitedParser.Row] = []

    init(delimiter: UInt8, hasQuotes: Bool, mapping: FieldMapping = .none) {
        rows = DelimitedParser(delimiter: delimiter, hasQuotes: hasQuotes)
        self.mapping = mapping
    }

    mutating func consume(_ chunk: ArraySlice<UInt8>, into lines: inout [ParsedLine]) throws(ImportFileError) {
        do {
            try rows.consume(chunk, into: &pending)
        } catch {
            try convert(into: &lines)
            throw error
        }
        try convert(into: &lines)
    }

    mutating func finish(into lines: inout [ParsedLine]) throws(ImportFileError) {
        try rows.finish(into: &pending)
        try convert(into: &lines)
    }

    private mutating func convert(into lines: inout [ParsedLine]) throws(ImportFileError) {
        defer { pending.removeAll(keepingCapacity: true) }
        for row in pending {
            if let plan {
                lines.append(plan.record(row))
            } else {
                plan = try ColumnPlan(header: row, mapping: mapping)
            }
        }
    }
}

/// How a row becomes a JSON object.
private struct ColumnPlan: Sendable {
    /// The keys that each column feeds, as JSON text with a colon.
    private let keys: [[[UInt8]]]
    /// The members that are the same in every record, as JSON text.
    private let constants: [UInt8]

    init(header: DelimitedParser.Row, mapping: FieldMapping) throws(ImportFileError) {
        var names: [String] = []
        for cell in header.cells {
            guard let name = String(validating: cell, as: UTF8.self) else { throw .headerNotUTF8 }
            names.append(name)
        }
        keys = try mapping.fields(forHeader: names).map { fields in
            fields.map { JSON.string($0).serialized() + [UInt8(ascii: ":")] }
        }
        var members: [UInt8] = []
        for constant in mapping.constants {
            if !members.isEmpty { members.append(UInt8(ascii: ",")) }
            JSON.string(constant.field).serialize(into: &members)
            members.append(UInt8(ascii: ":"))
            JSON.string(constant.value).serialize(into: &members)
        }
        constants = members
    }

    func record(_ row: DelimitedParser.Row) -> ParsedLine {
        guard row.cells.count <= keys.count else {
            return .refused(
                lineNumber: row.lineNumber, reason: "the row has \(row.cells.count) values, the header row \(keys.count)",
                input: Self.text(row))
        }
        var json: [UInt8] = [UInt8(ascii: "{")]
        for (cell, keys) in zip(row.cells, keys) where !cell.isEmpty && !keys.isEmpty {
            guard let text = String(validating: cell, as: UTF8.self) else {
                return .refused(lineNumber: row.lineNumber, reason: "a value is not UTF-8", input: Self.text(row))
            }
            for key in keys {
                if json.count > 1 { json.append(UInt8(ascii: ",")) }
                json += key
                JSON.string(text).serialize(into: &json)
            }
        }
        if !constants.isEmpty {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            json += constants
        }
        json.append(UInt8(ascii: "}"))
        return .record(lineNumber: row.lineNumber, json: json)
    }

    private static func text(_ row: DelimitedParser.Row) -> [UInt8] {
        Array(row.cells.joined(separator: [UInt8(ascii: "\t")]))
    }
}
