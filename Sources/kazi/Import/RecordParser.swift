/// Cuts a file into records, fed chunk by chunk so that a file of any size takes the memory of one record.
protocol RecordParser: Sendable {
    /// Adds the records that end within `chunk`; what is left of it is kept for the next call.
    mutating func consume(_ chunk: ArraySlice<UInt8>, into lines: inout [ParsedLine]) throws(ImportFileError)

    /// Adds the last record, if the file ends without a line end. Called once, after the last chunk.
    mutating func finish(into lines: inout [ParsedLine]) throws(ImportFileError)
}

/// One record of a file.
enum ParsedLine: Sendable, Equatable {
    /// `json` is one line of text, not checked: what is wrong with it, the gateway says best.
    case record(lineNumber: Int, json: [UInt8])
    /// It cannot be sent at all.
    case refused(lineNumber: Int, reason: String, input: [UInt8])
}

enum RecordLimits {
    /// A record longer than this is refused, so that a missing quote or line end cannot fill the memory.
    static let recordBytesMax = 16 << 20
}

/// Why the rest of a file cannot be read. Line numbers start at 1.
enum ImportFileError: Error, Equatable {
    case unreadable(path: String, reason: String)
    case unterminatedQuote(lineNumber: Int)
    case recordTooLong(lineNumber: Int)
    case endsInsideRecord(lineNumber: Int)
    case valueExpected(lineNumber: Int)
    case commaExpected(lineNumber: Int)
    case textAfterArray(lineNumber: Int)
    case headerNotUTF8
    case repeatedColumn(String)
    case unknownColumn(String, available: [String])
}

extension ImportFileError: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unterminatedQuote(let line):
            "line \(line): a quote is opened and never closed (a file without quoting is read with --no-quotes)"
        case .recordTooLong(let line): "line \(line): the record is longer than \(RecordLimits.recordBytesMax >> 20) MiB"
        case .endsInsideRecord(let line): "the input ends inside the record that begins in line \(line); was it cut off?"
        case .valueExpected(let line): "line \(line): a JSON value is missing"
        case .commaExpected(let line): "line \(line): a comma is missing between two values of the array"
        case .textAfterArray(let line): "line \(line): there is text after the end of the JSON array"
        case .headerNotUTF8: "the header row is not UTF-8"
        case .repeatedColumn(let name): "the header row names the column '\(name)' twice"
        case .unknownColumn(let name, let available):
            "there is no column '\(name)'; the header row has \(available.map { "'\($0)'" }.joined(separator: ", "))"
        }
    }
}
