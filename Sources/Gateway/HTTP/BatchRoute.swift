import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// Many records in one request: a JSON array, or NDJSON.
struct BatchRoute: Sendable {
    let records: RecordService
    let searchable: SearchableWait
    let bodyBytesMax: Int

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/{collection}/batch",
                Operation(
                    id: "batch", tag: "records", summary: "Write many records; each line gets its own result.",
                    parameters: [Self.atomic, Self.duplicates, SearchableWait.parameter], body: .batch,
                    answers: [(200, .batchResults, "One result for each line, in order")],
                    answerHeaders: [.kaziSeq, .kaziSearchable],
                    failures: [400, 404, 409, 413, 415, 503]), write)
        ]
    }

    static let atomic = Parameter.flag("atomic", "All records or none.")
    static let duplicates = Parameter(
        name: "duplicates", type: .string(oneOf: ["write", "skip"]),
        summary: "`skip`: a record that is equal in all its fields to a stored one is not written again.",
        defaultValue: "write")

    private static let ndjson = ["application/x-ndjson", "application/ndjson", "application/jsonl"]

    func write(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        _ = try records.catalog.collection(context.collectionName)
        let (options, waits) = try Self.options(request.queryString)
        try request.requireContentType(["application/json"] + Self.ndjson)
        let bytes = try await request.bytes(limitBytes: bodyBytesMax)
        let lines =
            Self.ndjson.contains(request.mediaType ?? "") ? try Self.lines(ofNDJSON: bytes) : try Self.lines(ofArray: bytes)
        let results = try await records.writeBatch(lines, to: context.collectionName, options)
        var headers: HTTPFields = [:]
        if let seq = results.compactMap(\.seq).max() {
            headers = await searchable.headers(seq, in: context.collectionName, waits: waits)
        }
        var body: [UInt8] = [UInt8(ascii: "[")]
        for (index, result) in results.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            result.json.serialize(into: &body)
        }
        body.append(UInt8(ascii: "]"))
        return .json(.ok, body, headers: headers)
    }

    private static func options(_ query: QueryString) throws(ServiceFailure) -> (BatchOptions, waits: Bool) {
        var reader = ParameterReader(query)
        let isAtomic = reader.flag(atomic)
        let duplicates = reader.text(duplicates)
        let waits = reader.text(SearchableWait.parameter) != nil
        try reader.check()
        return (BatchOptions(isAtomic: isAtomic, duplicates: duplicates == "skip" ? .skip : .write), waits)
    }

    private static func lines(ofArray bytes: [UInt8]) throws(ServiceFailure) -> [Result<JSON, ServiceFailure>] {
        let body = try RequestJSON.parse(bytes)
        guard case .array(let elements) = body else {
            throw .invalid([
                ValidationIssue(type: "list_type", loc: ["body"], message: "Input should be a valid list", input: body)
            ])
        }
        guard elements.count <= RecordService.batchRecordCountMax else { throw tooMany(elements.count) }
        return elements.map { .success($0) }
    }

    /// One record a line; empty lines are none. A line that is no JSON costs only itself.
    private static func lines(ofNDJSON bytes: [UInt8]) throws(ServiceFailure) -> [Result<JSON, ServiceFailure>] {
        var lines: [Result<JSON, ServiceFailure>] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy(isWhiteSpace) {
            guard lines.count < RecordService.batchRecordCountMax else { throw tooMany(lines.count + 1) }
            let index = lines.count
            do {
                lines.append(.success(try JSON(parsing: Array(line))))
            } catch {
                lines.append(.failure(.invalid([error.issue(at: ["body", .index(index)])])))
            }
        }
        return lines
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Pydantic's error for a list that is too long, its input left out.
    private static func tooMany(_ count: Int) -> ServiceFailure {
        let limit = RecordService.batchRecordCountMax
        return .invalid([
            ValidationIssue(
                type: "too_long", loc: ["body"],
                message: "List should have at most \(limit) items after validation, not \(count)", input: .null,
                context: ["field_type": "List", "max_length": .integer(Int64(limit)), "actual_length": .integer(Int64(count))])
        ])
    }
}

extension BatchResult {
    /// The write's sequence number, if there was a write.
    var seq: Int64? {
        if case .written(let result) = self, result.kind != .duplicate { result.seq } else { nil }
    }

    /// One element of the answer.
    var json: JSON {
        switch self {
        case .written(let result):
            let word: JSON =
                switch result.kind {
                case .created: "created"
                case .updated: "updated"
                case .deleted: "deleted"
                case .duplicate: "duplicate"
                }
            return .object([
                "status": result.kind == .created ? 201 : 200, "id": .integer(result.id), "result": word,
            ])
        case .refused(let failure):
            return failure.batchLine
        }
    }
}
