import RecordSchema

/// Records as RFC 4180 rows.
struct CSVText: Sendable {
    /// The columns, in order.
    let fields: [String]

    /// The fields of all these records, in the order in which they first appear.
    init(fieldsOf records: [JSONObject]) {
        var fields: [String] = []
        var seen: Set<String> = []
        for record in records {
            for member in record.members where seen.insert(member.key).inserted { fields.append(member.key) }
        }
        self.fields = fields
    }

    var header: [UInt8] { Self.row(fields) }

    /// A record's values; null and absent fields are empty, arrays and objects JSON text, numbers as the gateway wrote
    /// them.
    func row(_ record: JSONObject) -> [UInt8] { Self.row(fields.map { Self.text(record[$0] ?? .null) }) }

    static func row(_ cells: [String]) -> [UInt8] {
        // A row of one empty cell would be an empty line, which readers skip.
        if cells == [""] { return Array("\"\"\r\n".utf8) }
        return Array((cells.map(quoted).joined(separator: ",") + "\r\n").utf8)
    }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
        guard needsQuotes else { return cell }
        var quoted: [UInt8] = [UInt8(ascii: "\"")]
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { quoted.append(byte) }
            quoted.append(byte)
        }
        quoted.append(UInt8(ascii: "\""))
        return String(decoding: quoted, as: UTF8.self)
    }
}
