/// Records that are sent in one request, and what could not be sent of the same stretch of the file.
struct RecordBatch: Sendable {
    struct Entry: Sendable {
        let lineNumber: Int
        let json: [UInt8]
    }

    struct Refusal: Sendable {
        let lineNumber: Int
        let reason: String
        let input: [UInt8]
    }

    var entries: [Entry] = []
    var refusals: [Refusal] = []
    /// Bytes of `entries` as NDJSON.
    private(set) var bodyBytes = 0
    /// How far the file was read when the batch was complete.
    var fileBytesRead: Int64 = 0

    /// A batch is sent when it is this large, however few its records.
    static let bodyBytesMax = 8 << 20

    var isEmpty: Bool { entries.isEmpty && refusals.isEmpty }

    mutating func append(_ line: ParsedLine) {
        switch line {
        case .record(let lineNumber, let json):
            entries.append(Entry(lineNumber: lineNumber, json: json))
            bodyBytes += json.count + 1
        case .refused(let lineNumber, let reason, let input):
            refusals.append(Refusal(lineNumber: lineNumber, reason: reason, input: input))
        }
    }

    func isFull(recordCount: Int) -> Bool {
        entries.count + refusals.count >= recordCount || bodyBytes >= Self.bodyBytesMax
    }

    /// One record a line.
    static func ndjson(_ entries: some Collection<Entry>) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(entries.reduce(0) { $0 + $1.json.count + 1 })
        for entry in entries {
            body += entry.json
            body.append(UInt8(ascii: "\n"))
        }
        return body
    }
}
