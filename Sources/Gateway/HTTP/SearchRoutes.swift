import Cluster
import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore
import WireProtocol

/// Search, with the request as JSON, as parameters, or as a binary vector with parameters.
struct SearchRoutes: Sendable {
    let service: SearchService
    let vectorShapes: VectorShapes
    let bodyBytesMax: Int
    let timeout: Duration

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/search", Self.operation("search", "Search the default collection.", body: .search),
                searchDefault),
            Route(
                .get, "/api/v1/search",
                Self.operation(
                    "get_search", "Search the default collection.", parameters: SearchCommand.parameters,
                    takesFilters: true), searchByParameters),
            Route(
                .post, "/api/v1/{collection}/search", Self.operation("search", "Search the collection.", body: .search),
                searchCollection),
        ]
    }

    private static func operation(
        _ id: String, _ summary: String, parameters: [Parameter] = [], takesFilters: Bool = false,
        body: Operation.Body = .none
    ) -> Operation {
        Operation(
            id: id, tag: "search", summary: summary, parameters: parameters, takesFilters: takesFilters,
            headers: [("X-Kazi-Min-Seq", "Answer only from workers that have applied this write.")], body: body,
            answers: [(200, .hits, "The hits, best first: each record with its score")],
            answerHeaders: [.serverTiming, .kaziCoverage, .kaziGuarantee],
            failures: body == .none ? [404, 503] : [404, 413, 415, 503], access: .read)
    }

    func searchDefault(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        try await answer(try await command(request, try defaultCollection()), request)
    }

    func searchByParameters(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let definition = try defaultCollection()
        let command = try SearchCommand(query: request.queryString, vector: nil, definition)
        return try await answer((command, definition), request)
    }

    func searchCollection(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let definition = try service.catalog.collection(context.collectionName)
        return try await answer(try await command(request, definition), request)
    }

    private func defaultCollection() throws(ServiceFailure) -> CollectionDefinition {
        guard let name = service.catalog.defaultName else {
            throw .notFound("No collection of this gateway can be searched by meaning")
        }
        RequestScope.current?.collection = name
        return try service.catalog.collection(name)
    }

    /// Reads the request in whichever form it came.
    private func command(
        _ request: Request, _ definition: CollectionDefinition
    ) async throws -> (SearchCommand, CollectionDefinition) {
        if request.hasMediaType("application/octet-stream") {
            let vector = try Self.vector(
                try await request.bytes(limitBytes: bodyBytesMax), shape: vectorShapes[definition])
            return (try SearchCommand(query: request.queryString, vector: vector, definition), definition)
        }
        let body = try await request.json(limitBytes: bodyBytesMax)
        let command = try RequestScope.measureNow(.validate) { () throws(ServiceFailure) in
            try SearchCommand(body: body, definition, shape: vectorShapes[definition])
        }
        return (command, definition)
    }

    /// A body of float32, little-endian.
    private static func vector(_ bytes: [UInt8], shape: VectorShape?) throws(ServiceFailure) -> [Float] {
        func refuse(_ message: String) -> ServiceFailure {
            .invalid([ValidationIssue(type: "value_error", loc: ["body"], message: "Value error, \(message)", input: .null)])
        }
        guard let shape else { throw refuse("the collection has no vectors") }
        guard bytes.count == shape.dimension * 4 else {
            throw refuse("a vector of \(shape.dimension) float32 is needed, not \(bytes.count) bytes")
        }
        let vector = unsafe bytes.withUnsafeBytes { bytes in
            // Four bytes for each component, by the check above; an array of bytes promises no alignment.
            (0..<shape.dimension).map { index in
                Float(bitPattern: UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
        guard vector.allSatisfy(\.isFinite) else { throw refuse("a component of the vector is not finite") }
        if shape.metric == .cosine, vector.allSatisfy({ $0 == 0 }) { throw refuse("a vector of zeros has no direction") }
        return vector
    }

    private func answer(
        _ search: (command: SearchCommand, definition: CollectionDefinition), _ request: Request
    ) async throws -> Response {
        let command = try withMinSeq(search.command, request)
        let answer = try await service.search(command, in: search.definition, deadline: .now + timeout)
        var headers: HTTPFields = [:]
        if let coverage = answer.coverage { headers[.kaziCoverage] = "\(coverage.answeredCount)/\(coverage.totalCount)" }
        headers[.kaziGuarantee] = Self.text(answer.guarantee)
        return .json(.ok, try Self.body(answer, command), headers: headers)
    }

    private static let minSeqHeaderPlace: [LocComponent] = ["header", "x-kazi-min-seq"]

    /// `exact`, or `recall=0.973`: rounded down, so that it promises no more.
    private static func text(_ guarantee: ResultGuarantee) -> String? {
        switch guarantee {
        case .unknown: nil
        case .exact: "exact"
        case .estimatedRecall(let recall): "recall=\((Double(recall) * 1_000).rounded(.down) / 1_000)"
        }
    }

    /// The command with the larger of the request's own `min_seq` and the header's.
    ///
    /// A write that has not been made yet is refused: sequence numbers are given here, so waiting would be in vain.
    private func withMinSeq(_ command: SearchCommand, _ request: Request) throws(ServiceFailure) -> SearchCommand {
        var command = command
        var isFromHeader = false
        var issues: [ValidationIssue] = []
        if let text = request.headers[.kaziMinSeq] {
            let type = FieldType.integer(0...Int64.max)
            let seq = type.validate(.string(text), at: Self.minSeqHeaderPlace, into: &issues)?.integerValue
            if let seq, seq > command.minSeq {
                command.minSeq = seq
                isFromHeader = true
            }
        }
        let headSeq = service.store.headSeq
        if issues.isEmpty, command.minSeq > headSeq {
            let place: [LocComponent] = [request.hasMediaType("application/json") ? "body" : "query", "min_seq"]
            issues.append(
                ValidationIssue(
                    type: "value_error", loc: isFromHeader ? Self.minSeqHeaderPlace : place,
                    message: "Value error, there is no write \(command.minSeq) yet: the last is \(headSeq)",
                    input: .integer(command.minSeq), context: ["error": [:]]))
        }
        guard issues.isEmpty else { throw .invalid(issues) }
        return command
    }

    static func body(_ answer: SearchAnswer, _ command: SearchCommand) throws(ServiceFailure) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, hit) in answer.hits.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            try hit.append(fields: command.fields, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}

extension SearchAnswer.Hit {
    /// The record as JSON with its score, whole or with the named fields alone.
    func append(fields: [String]?, to bytes: inout [UInt8]) throws(ServiceFailure) {
        let extras = RecordRendering.Extras(score: score, vector: vector)
        if let fields {
            try RecordRendering.append(record, fields: fields, extras, to: &bytes)
        } else {
            RecordRendering.append(record, extras, to: &bytes)
        }
    }
}
