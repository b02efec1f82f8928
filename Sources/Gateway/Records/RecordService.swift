import Embedding
import RecordSchema
import RecordStore

/// A record that was written, and how.
struct WrittenRecord: Sendable {
    let record: StoredRecord
    let kind: WriteResult.Kind
    /// Whether this is what an earlier request with the same idempotency key wrote, and nothing was written now.
    var isReplay = false
    /// The write's sequence number.
    var seq: Int64 { record.seq }
}

/// Validation, embedding and storing in one: what HTTP and ZeroMQ both call to read and write records.
///
/// Nothing is stored before everything that can fail has been done; a record whose text cannot be embedded is not
/// stored at all.
struct RecordService: Sendable {
    let catalog: Catalog
    let store: RecordStore
    /// `nil` when no collection needs a model.
    let embedding: (any EmbeddingProvider)?
    let sets: VectorSets
    let entityTags: EntityTags

    init(catalog: Catalog, store: RecordStore, embedding: (any EmbeddingProvider)?, sets: VectorSets) {
        self.catalog = catalog
        self.store = store
        self.embedding = embedding
        self.sets = sets
        entityTags = EntityTags(storeID: store.storeID)
    }

    /// A record that is read, merged and written back is tried again when another write came between, this often.
    private static let conflictAttemptMax = 5

    // MARK: Reading

    func read(_ id: Int64, in collection: String) async throws(ServiceFailure) -> StoredRecord {
        _ = try catalog.collection(collection)
        let record = try await RequestScope.measure(.fetch) { () async throws(ServiceFailure) in
            try await store.mapped { try await $0.record(id, in: collection) }
        }
        guard let record else { throw .notFound("There is no record \(id) in '\(collection)'") }
        return record
    }

    // MARK: Writing one record

    /// Writes a new record, or replaces the one that has its natural key.
    ///
    /// - Parameter key: A request with the same key and fingerprint gets the first one's record as it was written, even
    ///   where the rules, the model or the record have changed since.
    func create(
        _ body: JSON, in collection: String, idempotency key: IdempotencyKey? = nil
    ) async throws(ServiceFailure) -> WrittenRecord {
        let definition = try catalog.collection(collection)
        if let key, let answer = try await store.mapped({ try await $0.idempotentAnswer(to: key, in: collection) }) {
            return WrittenRecord(answer)
        }
        let valid = try definition.validated(body)
        let vector = try await embed([valid], definition)[0]
        let operation = WriteOperation.insert(rowWrite(valid, vector, collection), duplicates: .write)
        guard let key else { return try await write(operation, valid, to: collection) }
        return WrittenRecord(try await store.mapped { try await $0.write(operation, to: collection, idempotency: key) })
    }

    /// Replaces all fields of a record.
    func replace(
        _ id: Int64, with body: JSON, in collection: String, ifMatch: EntityTagCondition? = nil
    ) async throws(ServiceFailure) -> WrittenRecord {
        let definition = try catalog.collection(collection)
        let valid = try definition.validated(body)
        return try await retryingConflicts { () async throws(ServiceFailure) in
            let current = try await read(id, in: collection, ifMatch: ifMatch)
            let vector = try await vector(of: valid, replacing: current, definition)
            return try await write(
                .replace(id: id, rowWrite(valid, vector, collection), expectedSeq: current.seq), valid, to: collection)
        }
    }

    /// Applies an RFC 7396 merge patch, and validates the whole record after it.
    func merge(
        _ id: Int64, patch: JSON, in collection: String, ifMatch: EntityTagCondition? = nil
    ) async throws(ServiceFailure) -> WrittenRecord {
        let definition = try catalog.collection(collection)
        return try await retryingConflicts { () async throws(ServiceFailure) in
            let current = try await read(id, in: collection, ifMatch: ifMatch)
            guard case .object(var fields) = try current.parsedBody() else {
                throw .faulty(reason: "the stored body of record \(id) is no object")
            }
            if case .vector = definition.embeddingSource,
                let vector = try await store.mapped({ try await $0.vector(of: id, in: collection) })
            {
                fields["vector"] = .array(vector.map { .number(Double($0)) })
            }
            let valid = try definition.validated(MergePatch.apply(patch, to: .object(fields)))
            let vector = try await vector(of: valid, replacing: current, definition)
            return try await write(
                .replace(id: id, rowWrite(valid, vector, collection), expectedSeq: current.seq), valid, to: collection)
        }
    }

    /// Deletes a record, and returns the sequence number of that.
    func delete(
        _ id: Int64, in collection: String, ifMatch: EntityTagCondition? = nil
    ) async throws(ServiceFailure) -> Int64 {
        _ = try catalog.collection(collection)
        guard ifMatch != nil else {
            return try await RequestScope.measure(.store) { () async throws(ServiceFailure) in
                try await store.mapped { try await $0.delete(id, from: collection) }.seq
            }
        }
        return try await retryingConflicts { () async throws(ServiceFailure) in
            let current = try await read(id, in: collection, ifMatch: ifMatch)
            return try await store.mapped { try await $0.delete(id, from: collection, expectedSeq: current.seq) }.seq
        }
    }

    /// The record as it is before a change, if the request's condition lets it be changed.
    private func read(
        _ id: Int64, in collection: String, ifMatch: EntityTagCondition?
    ) async throws(ServiceFailure) -> StoredRecord {
        let current = try await read(id, in: collection)
        if let ifMatch, !ifMatch.matchesStrongly(entityTags.of(current)) { throw .preconditionFailed }
        return current
    }

    private func write(
        _ operation: WriteOperation, _ valid: ValidRecord, to collection: String
    ) async throws(ServiceFailure) -> WrittenRecord {
        let result = try await RequestScope.measure(.store) { () async throws(ServiceFailure) in
            try await store.mapped { try await $0.write(operation, to: collection) }
        }
        return WrittenRecord(record: StoredRecord(result, body: valid.body), kind: result.kind)
    }

    private func retryingConflicts<Value>(
        _ attempt: () async throws(ServiceFailure) -> Value
    ) async throws(ServiceFailure) -> Value {
        for _ in 1..<Self.conflictAttemptMax {
            do {
                return try await attempt()
            } catch .conflict {
                continue
            }
        }
        return try await attempt()
    }

    // MARK: Vectors

    /// The record with its vector, which is of the set that serves and, while another is in the making, of that one too.
    func rowWrite(_ valid: ValidRecord, _ vector: VectorWrite, _ collection: String) -> RecordWrite {
        RecordWrite(
            body: valid.body, filterValues: valid.filterValues, key: valid.key,
            vector: sets.serveAnotherModel(in: collection) ? .none : vector, pendingVector: vector,
            vectorGeneration: sets.generation(of: collection))
    }

    /// One vector for each record: its own, or that of its text.
    func embed(_ records: [ValidRecord], _ definition: CollectionDefinition) async throws(ServiceFailure) -> [VectorWrite] {
        switch definition.embeddingSource {
        case .none:
            return records.map { _ in .none }
        case .vector:
            return records.map { $0.vector.map(VectorWrite.set) ?? .none }
        case .text:
            guard let embedding else { throw .faulty(reason: "an embedded collection without a model") }
            return try await embed(records.map { $0.embeddingText ?? "" }, with: embedding)
        }
    }

    /// Piece by piece, because one call takes only so many texts; a text that comes again is embedded once a piece.
    private func embed(
        _ texts: [String], with embedding: any EmbeddingProvider
    ) async throws(ServiceFailure) -> [VectorWrite] {
        var vectors: [VectorWrite] = []
        vectors.reserveCapacity(texts.count)
        var rest = texts[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.chunkLineCount)
            rest = rest.dropFirst(piece.count)
            // By bytes: equality of strings would take canonically equivalent texts for one.
            var rows: [[UInt8]: Int] = [:]
            var distinct: [String] = []
            let rowOfText = piece.map { text in
                let bytes = Array(text.utf8)
                if let row = rows[bytes] { return row }
                rows[bytes] = distinct.count
                distinct.append(text)
                return distinct.count - 1
            }
            do {
                let matrix = try await RequestScope.measure(.embed) { [distinct] () async throws(EmbeddingError) in
                    try await embedding.embed(distinct, priority: .ingestion, deadline: nil)
                }
                vectors += rowOfText.map { .set(matrix.vector(at: $0)) }
            } catch {
                throw ServiceFailure(error)
            }
        }
        return vectors
    }

    /// The stored vector stays where what is embedded did not change.
    private func vector(
        of valid: ValidRecord, replacing current: StoredRecord, _ definition: CollectionDefinition
    ) async throws(ServiceFailure) -> VectorWrite {
        if definition.needsModel, case .object(let fields) = try current.parsedBody(),
            definition.embeddingText(of: fields) == valid.embeddingText
        {
            return .keep(seq: current.seq)
        }
        return try await embed([valid], definition)[0]
    }
}

extension WrittenRecord {
    init(_ answer: IdempotentAnswer) {
        self.init(record: answer.record, kind: answer.result.kind, isReplay: answer.isReplay)
    }
}

extension StoredRecord {
    init(_ result: WriteResult, body: [UInt8]) {
        self.init(
            id: result.id, seq: result.seq, createdAt: result.createdAt, updatedAt: result.updatedAt, body: body)
    }

    func parsedBody() throws(ServiceFailure) -> JSON {
        do {
            return try JSON(parsing: body)
        } catch {
            throw .faulty(reason: "the stored body of record \(id) is no JSON: \(error)")
        }
    }
}

extension CollectionDefinition {
    func validated(_ body: JSON) throws(ServiceFailure) -> ValidRecord {
        switch RequestScope.measureNow(.validate, { validate(body, now: WallClock.microseconds()) }) {
        case .success(let valid): return valid
        case .failure(.invalid(let issues)): throw .invalid(issues)
        case .failure(.dataQuality(let message, let field)): throw .dataQuality(message: message, field: field)
        }
    }
}
