import RecordSchema

/// A field's values as its column holds them: NULL for none; a scalar as text, real or integer (microseconds, 0 and 1); an
/// array as JSON text of such values, numbers by their `NumberKey`.
enum ColumnCoding {
    /// Whether there is one list for each column, each value of its column's type, one at most where it is no array.
    static func fit(_ values: [[FilterValue]], _ columns: [FilterColumn]) -> Bool {
        values.count == columns.count
            && zip(values, columns).allSatisfy { values, column in
                (column.isArray || values.count <= 1) && values.allSatisfy { $0.type == column.type && !isNaN($0) }
            }
    }

    static func encode(_ values: [FilterValue], isArray: Bool) -> SQLValue {
        guard let first = values.first else { return .null }
        guard isArray else { return scalar(first) }
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            switch element(value) {
            case .integer(let value): json.append(contentsOf: String(value).utf8)
            case .text(let utf8): appendString(utf8, to: &json)
            case .null, .real, .blob: preconditionFailure("an array's elements are integers or texts")
            }
        }
        json.append(UInt8(ascii: "]"))
        return .text(json)
    }

    /// A value as a scalar column holds it.
    static func scalar(_ value: FilterValue) -> SQLValue {
        switch value {
        case .string(let string): .text(StoredText.encode(string))
        case .number(let number): .real(number)
        case .timestamp(let microseconds): .integer(microseconds)
        case .boolean(let flag): .integer(flag ? 1 : 0)
        }
    }

    /// A value as an element of an array column.
    static func element(_ value: FilterValue) -> SQLValue {
        if case .number(let number) = value { return .integer(NumberKey.encode(number)) }
        return scalar(value)
    }

    /// The values of a column of the current row. What an array column holds was written by `encode`.
    static func decode(_ statement: SQLStatement, column index: Int, _ column: FilterColumn) -> [FilterValue] {
        if statement.isNull(index) { return [] }
        guard column.isArray else {
            switch column.type {
            case .string: return [.string(StoredText.decode(statement.bytes(index)))]
            case .number: return [.number(statement.double(index))]
            case .timestamp: return [.timestamp(statement.int64(index))]
            case .boolean: return [.boolean(statement.int64(index) != 0)]
            }
        }
        return decodeArray(statement.bytes(index), type: column.type)
    }

    static func decodeArray(_ json: [UInt8], type: FilterType) -> [FilterValue] {
        var values: [FilterValue] = []
        var index = 1
        while index < json.count, json[index] != UInt8(ascii: "]") {
            if json[index] == UInt8(ascii: "\"") {
                values.append(.string(StoredText.decode(readString(json, &index))))
            } else {
                let end = json[index...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "]") } ?? json.count
                let integer = Int64(String(decoding: json[index..<end], as: UTF8.self)) ?? 0
                index = end
                switch type {
                case .number: values.append(.number(NumberKey.decode(integer)))
                case .timestamp: values.append(.timestamp(integer))
                case .boolean: values.append(.boolean(integer != 0))
                case .string: break
                }
            }
            if index < json.count, json[index] == UInt8(ascii: ",") { index += 1 }
        }
        return values
    }

    /// Only what JSON demands is escaped: quote, backslash, and the control characters as `\u00XX`.
    private static func appendString(_ utf8: [UInt8], to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(byte)
            case 0..<0x20:
                json.append(contentsOf: "\\u00".utf8)
                json.append(contentsOf: [byte >> 4, byte & 15].map { $0 < 10 ? 48 + $0 : 87 + $0 })
            default:
                json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    /// Reads what `appendString` wrote, from the opening quote on; leaves `index` after the closing one.
    private static func readString(_ json: [UInt8], _ index: inout Int) -> [UInt8] {
        var utf8: [UInt8] = []
        index += 1
        while index < json.count, json[index] != UInt8(ascii: "\"") {
            guard json[index] == UInt8(ascii: "\\"), index + 1 < json.count else {
                utf8.append(json[index])
                index += 1
                continue
            }
            if json[index + 1] == UInt8(ascii: "u"), index + 5 < json.count {
                utf8.append(UInt8(String(decoding: json[(index + 4)...(index + 5)], as: UTF8.self), radix: 16) ?? 0)
                index += 6
            } else {
                utf8.append(json[index + 1])
                index += 2
            }
        }
        index += 1
        return utf8
    }

    private static func isNaN(_ value: FilterValue) -> Bool {
        if case .number(let number) = value { return number.isNaN }
        return false
    }
}
