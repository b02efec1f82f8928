import ArgumentParser

/// The form of a file of records.
enum ImportFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// One JSON record a line.
    case ndjson
    /// One JSON array, or records one after another.
    case json
    /// Values between commas, or another delimiter, under a header row.
    case csv
    /// The same between tabs.
    case tsv

    /// What the ending of a file's name says, where it says anything.
    init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...].lowercased() {
        case "ndjson", "jsonl": self = .ndjson
        case "json": self = .json
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        default: return nil
        }
    }

    /// What the beginning of the content looks like: a bracket or a brace is JSON, a tab in the first line a tab-separated
    /// file, anything else comma-separated.
    init(beginning: ArraySlice<UInt8>) {
        switch beginning.first(where: { !JSONBytes.isWhiteSpace($0) }) {
        case UInt8(ascii: "["): self = .json
        case UInt8(ascii: "{"): self = .ndjson
        default:
            let firstLine = beginning.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            self = firstLine.contains(UInt8(ascii: "\t")) ? .tsv : .csv
        }
    }

    func parser(delimiter: UInt8?, hasQuotes: Bool, mapping: FieldMapping) -> any RecordParser {
        switch self {
        case .ndjson: NDJSONParser(mapping: mapping)
        case .json: JSONStreamParser(mapping: mapping)
        case .csv:
            DelimitedRecordParser(delimiter: delimiter ?? UInt8(ascii: ","), hasQuotes: hasQuotes, mapping: mapping)
        case .tsv:
            DelimitedRecordParser(delimiter: delimiter ?? UInt8(ascii: "\t"), hasQuotes: hasQuotes, mapping: mapping)
        }
    }
}
