import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// One record at a time: create, read, replace, merge, delete.
struct RecordRoutes: Sendable {
    let records: RecordService
    let searchable: SearchableWait
    let bodyBytesMax: Int

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/{collection}",
                Operation(
                    id: "create", tag: "records", summary: "Write a record.", parameters: [SearchableWait.parameter],
                    headers: [(IdempotencyHeader.name.canonicalName, IdempotencyHeader.summary)], body: .record,
                    answers: [
                        (201, .record, "It was created"), (200, .record, "The record with this natural key was replaced"),
                    ], answerHeaders: [.kaziSeq, .kaziSearchable, .eTag, .location, .idempotencyReplayed],
                    failures: [400, 404, 409, 413, 415, 503]), create),
            Route(
                .get, "/api/v1/{collection}/{id}",
                Operation(
                    id: "read", tag: "records", summary: "Read a record.",
                    headers: [("If-None-Match", "Entity tags of versions that are known.")],
                    answers: [(200, .record, "The record"), (304, .none, "It is known")], answerHeaders: [.eTag],
                    failures: [404, 503]), read),
            Route(
                .put, "/api/v1/{collection}/{id}",
                Self.change("replace", "Replace a record.", body: .record, (200, .record, "The record now")), replace),
            Route(
                .patch, "/api/v1/{collection}/{id}",
                Self.change(
                    "merge", "Change fields of a record: RFC 7396.", body: .mergePatch, (200, .record, "The record now")),
                merge),
            Route(
                .delete, "/api/v1/{collection}/{id}",
                Self.change("delete", "Delete a record.", body: .none, (204, .none, "It is gone")), delete),
        ]
    }

    private static func change(
        _ id: String, _ summary: String, body: Operation.Body, _ answer: (Int, Operation.Content, String)
    ) -> Operation {
        Operation(
            id: id, tag: "records", summary: summary, parameters: [SearchableWait.parameter],
            headers: [("If-Match", "Entity tags of the versions that may be changed.")], body: body, answers: [answer],
            answerHeaders: [.kaziSeq, .kaziSearchable] + (body == .none ? [] : [.eTag]),
            failures: [404, 409, 412, 503] + (body == .none ? [] : [400, 413, 415]))
    }

    func create(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        _ = try records.catalog.collection(context.collectionName)
        let waits = try SearchableWait.isWanted(request.queryString)
        let body = try await request.json(limitBytes: bodyBytesMax)
        let key = try IdempotencyHeader.key(of: request, body, in: context.collectionName, caller: context.caller.id)
        let written = try await records.create(body, in: context.collectionName, idempotency: key)
        var headers = await writeHeaders(written.seq, context, waits: waits)
        headers[.eTag] = records.entityTags.of(written.record)
        if written.isReplay { headers[.idempotencyReplayed] = "true" }
        headers[.location] = "/api/v1/\(context.collectionName)/\(written.record.id)"
        let status: HTTPResponse.Status = written.kind == .created ? .created : .ok
        return .json(status, RecordRendering.object(written.record), headers: headers)
    }

    func read(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let record = try await records.read(try context.recordID(), in: context.collectionName)
        let tag = records.entityTags.of(record)
        let headers: HTTPFields = [.eTag: tag]
        if let condition = EntityTagCondition(request.headers[.ifNoneMatch]), condition.matchesWeakly(tag) {
            return Response(status: .notModified, headers: headers)
        }
        return .json(.ok, RecordRendering.object(record), headers: headers)
    }

    func replace(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let condition = EntityTagCondition(request.headers[.ifMatch])
        return try await change(request, context) { id, body throws(ServiceFailure) in
            try await records.replace(id, with: body, in: context.collectionName, ifMatch: condition)
        }
    }

    func merge(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let condition = EntityTagCondition(request.headers[.ifMatch])
        return try await change(request, context) { id, body throws(ServiceFailure) in
            try await records.merge(id, patch: body, in: context.collectionName, ifMatch: condition)
        }
    }

    private func change(
        _ request: Request, _ context: GatewayRequestContext,
        _ write: (Int64, JSON) async throws(ServiceFailure) -> WrittenRecord
    ) async throws -> Response {
        let id = try context.recordID()
        _ = try records.catalog.collection(context.collectionName)
        let waits = try SearchableWait.isWanted(request.queryString)
        let written = try await write(id, try await request.json(limitBytes: bodyBytesMax))
        var headers = await writeHeaders(written.seq, context, waits: waits)
        headers[.eTag] = records.entityTags.of(written.record)
        return .json(.ok, RecordRendering.object(written.record), headers: headers)
    }

    func delete(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let id = try context.recordID()
        let waits = try SearchableWait.isWanted(request.queryString)
        let condition = EntityTagCondition(request.headers[.ifMatch])
        let seq = try await records.delete(id, in: context.collectionName, ifMatch: condition)
        return Response(status: .noContent, headers: await writeHeaders(seq, context, waits: waits))
    }

    private func writeHeaders(_ seq: Int64, _ context: GatewayRequestContext, waits: Bool) async -> HTTPFields {
        await searchable.headers(seq, in: context.collectionName, waits: waits)
    }
}
