import RecordSchema

/// One JSON record a line. Lines of white space alone are none.
///
/// Without a mapping a line goes out as it came in, byte for byte.
struct NDJSONParser: RecordParser {
    private let mapping: FieldMapping
    private var line: [UInt8] = []
    private var lineNumber = 1
    /// The line is over the limit; the rest of it is skipped.
    private var isTooLong = false

    init(mapping: FieldMapping = .none) { self.mapping = mapping }

    mutating func consume(_ chunk: ArraySlice<UInt8>, into lines: inout [ParsedLine]) {
        var rest = chunk
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[rest.startIndex..<end])
            endLine(into: &lines)
            rest = rest[(end + 1)...]
        }
        append(rest)
    }

    mutating func finish(into lines: inout [ParsedLine]) { endLine(into: &lines) }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong else { return }
        line += bytes
        if line.count > RecordLimits.recordBytesMax {
            isTooLong = true
            line = Array(line.prefix(200))
        }
    }

    private mutating func endLine(into lines: inout [ParsedLine]) {
        defer {
            line.removeAll(keepingCapacity: true)
            lineNumber += 1
            isTooLong = false
        }
        if isTooLong {
            lines.append(.refused(
                lineNumber: lineNumber, reason: "the line is longer than \(RecordLimits.recordBytesMax >> 20) MiB", input: line))
            return
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.allSatisfy(JSONBytes.isWhiteSpace) else { return }
        lines.append(.record(lineNumber: lineNumber, json: mapping.applied(toJSON: line)))
    }
}

extension FieldMapping {
    /// `applied(to:)` on the text of an object; what is no object stays as it is, for the gateway to refuse.
    func applied(toJSON bytes: [UInt8]) -> [UInt8] {
        guard !isIdentity, case .object(let object) = try? JSON(parsing: bytes) else { return bytes }
        return applied(to: object).serialized()
    }
}

enum JSONBytes {
    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
