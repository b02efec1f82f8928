import GRDB
import NIOConcurrencyHelpers

extension RecordStore {
    public func write(
        _ operation: WriteOperation, to collection: String, idempotency key: IdempotencyKey
    ) async throws(StoreError) -> IdempotentAnswer {
        let answer = try await submit([operation], to: try tables(of: collection), atomically: false, idempotency: key)
        precondition(answer.results.count == 1, "a keyed request has one operation")
        let result = try answer.results[0].get()
        // A record that is skipped as a duplicate is equal to the one that is there: the body is that one's, too.
        return IdempotentAnswer(
            result: result, body: answer.replayedBody ?? operation.body, isReplay: answer.replayedBody != nil)
    }

    public func idempotentAnswer(
        to key: IdempotencyKey, in collection: String
    ) async throws(StoreError) -> IdempotentAnswer? {
        let name = try tables(of: collection).name
        let now = now()
        let ledger = state.withLockedValue(\.idempotency)
        return try await read(.short) { db in
            guard let row = try IdempotencyTable(db: db).find(key, in: name), !ledger.isExpired(row.createdAt, now: now)
            else { return nil }
            guard row.fingerprint == key.fingerprint else { throw StoreError.idempotencyKeyReused }
            return row.answer
        }
    }
}
