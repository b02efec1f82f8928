/// A JSON array of records, or records one after another, over as many lines as they like.
///
/// Only quotes and brackets are looked at: they tell where a record ends, and whether it is valid the gateway says.
struct JSONStreamParser: RecordParser {
    private enum Place { case beforeAll, inArray, afterArray, betweenValues }

    private let mapping: FieldMapping
    private var place = Place.beforeAll
    private var value: [UInt8] = []
    private var valueLineNumber = 0
    private var lineNumber = 1
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// A comma came and no value after it yet.
    private var needsValue = false
    /// A value came and no comma after it yet.
    private var needsComma = false

    init(mapping: FieldMapping = .none) { self.mapping = mapping }

    mutating func consume(_ chunk: ArraySlice<UInt8>, into lines: inout [ParsedLine]) throws(ImportFileError) {
        for byte in chunk {
            if value.isEmpty { try between(byte, into: &lines) } else { try inside(byte, into: &lines) }
            if byte == UInt8(ascii: "\n") { lineNumber += 1 }
        }
    }

    mutating func finish(into lines: inout [ParsedLine]) throws(ImportFileError) {
        if !value.isEmpty {
            // A number or a word outside an array ends with the file; nothing else may.
            guard place == .betweenValues, depth == 0, !isInString else { throw .endsInsideRecord(lineNumber: valueLineNumber) }
            endValue(into: &lines)
        }
        if place == .inArray { throw .endsInsideRecord(lineNumber: lineNumber) }
    }

    private mutating func between(_ byte: UInt8, into lines: inout [ParsedLine]) throws(ImportFileError) {
        if JSONBytes.isWhiteSpace(byte) { return }
        switch (place, byte) {
        case (.beforeAll, UInt8(ascii: "[")): place = .inArray
        case (.afterArray, _): throw .textAfterArray(lineNumber: lineNumber)
        case (.inArray, UInt8(ascii: "]")):
            guard !needsValue else { throw .valueExpected(lineNumber: lineNumber) }
            place = .afterArray
        case (.inArray, UInt8(ascii: ",")):
            guard needsComma else { throw .valueExpected(lineNumber: lineNumber) }
            needsComma = false
            needsValue = true
        case (_, UInt8(ascii: "]")), (_, UInt8(ascii: "}")), (_, UInt8(ascii: ",")):
            throw .valueExpected(lineNumber: lineNumber)
        case (.inArray, _) where needsComma: throw .commaExpected(lineNumber: lineNumber)
        default:
            if place == .beforeAll { place = .betweenValues }
            valueLineNumber = lineNumber
            needsValue = false
            try inside(byte, into: &lines)
        }
    }

    private mutating func inside(_ byte: UInt8, into lines: inout [ParsedLine]) throws(ImportFileError) {
        guard value.count < RecordLimits.recordBytesMax else { throw .recordTooLong(lineNumber: valueLineNumber) }
        if isInString {
            keep(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                if depth == 0 { endValue(into: &lines) }
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""):
            keep(byte)
            isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            keep(byte)
            depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 0 {
                // The end of the array after a number or a word.
                endValue(into: &lines)
                try between(byte, into: &lines)
                return
            }
            keep(byte)
            depth -= 1
            if depth == 0 { endValue(into: &lines) }
        case UInt8(ascii: ",") where depth == 0, 0x20 where depth == 0, 0x09 where depth == 0, 0x0A where depth == 0,
            0x0D where depth == 0:
            endValue(into: &lines)
            try between(byte, into: &lines)
        default: keep(byte)
        }
    }

    /// A record goes out as one line. A tab is as good as a line end between tokens, and as forbidden within a string.
    private mutating func keep(_ byte: UInt8) {
        value.append(byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") ? UInt8(ascii: "\t") : byte)
    }

    private mutating func endValue(into lines: inout [ParsedLine]) {
        lines.append(.record(lineNumber: valueLineNumber, json: mapping.applied(toJSON: value)))
        value.removeAll(keepingCapacity: true)
        needsComma = true
    }
}
