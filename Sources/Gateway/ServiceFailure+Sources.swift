import Embedding
import RecordSchema
import RecordStore

// How the errors of the modules below look to a client: one switch each, without `default`.

extension ServiceFailure {
    init(_ error: StoreError) {
        switch error {
        case .notFound(let id): self = .notFound("There is no record \(id)")
        case .conflict: self = .conflict("The record was changed by another request at the same time")
        case .idempotencyKeyReused: self = .idempotencyKeyReused
        case .keyTaken(let id): self = .conflict("Record \(id) has this natural key already")
        case .batchFailed(_, let reason): self = ServiceFailure(reason)
        case .busy(let retryAfter): self = .unavailable("The store has too much to write", retryAfter: retryAfter)
        case .unavailable(let code):
            self = .unavailable("The store cannot write (SQLite \(code))", retryAfter: .seconds(5))
        case .closed: self = .unavailable("The gateway is stopping", retryAfter: .seconds(1))
        case .cancelled: self = .unavailable("The request was cancelled", retryAfter: .seconds(1))
        case .invalidFilter(let error):
            self = .invalid([.init(type: "value_error", loc: ["query"], message: "Value error, the filter cannot be used: \(error)", input: .null)])
        case .keywordTooLong(let count, let limit):
            self = .invalid([.init(type: "value_error", loc: ["query", "keyword"], message: "The keyword has \(count) words, more than \(limit)", input: .null)])
        case .unknownField(let name):
            self = .invalid([.init(type: "value_error", loc: ["query", "sort"], message: "The collection cannot be sorted by '\(name)'", input: .string(name))])
        case .bodyTooLarge(_, let limit): self = .contentTooLarge(limitBytes: limit)
        case .unknownCollection(let name): self = .notFound("There is no collection '\(name)'")
        case .unwritable, .notADatabase, .foreignDatabase, .corrupt, .newerVersion, .inUse, .unusableCollection,
            .incompatibleCollection, .tooManyRows, .valuesDoNotFit, .wrongDimension:
            self = .faulty(reason: "\(error)")
        }
    }

    init(_ error: EmbeddingError) {
        switch error {
        case .busy(let retryAfter):
            self = .unavailable("Too many texts wait to be embedded", retryAfter: retryAfter)
        case .tooManyTexts: self = .faulty(reason: "\(error)")
        case .deadlineExceeded: self = .deadlineExceeded("The text was not embedded in time")
        case .cancelled: self = .unavailable("The request was cancelled", retryAfter: .seconds(1))
        case .shutDown: self = .unavailable("The gateway is stopping", retryAfter: .seconds(1))
        case .invalidVector, .modelUnreadable: self = .faulty(reason: "\(error)")
        }
    }
}

extension RecordStore {
    /// Calls the store, its errors translated.
    func mapped<Value: Sendable>(
        _ call: (RecordStore) async throws -> Value
    ) async throws(ServiceFailure) -> Value {
        do {
            return try await call(self)
        } catch let error as StoreError {
            throw ServiceFailure(error)
        } catch {
            throw .faulty(reason: "\(error)")
        }
    }
}
