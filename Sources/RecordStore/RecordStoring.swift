public import RecordSchema

/// What the gateway asks of a store. `RecordStore` is the one on SQLite; a store that several gateways share has to keep
/// the same promises, above all that `seq` is free of gaps in commit order.
public protocol RecordStoring: Sendable {
    /// Made with the store, and with it for ever.
    var storeID: String { get }
    /// The last committed sequence number; 0 in an empty store.
    var headSeq: Int64 { get }

    /// Applies operations to one collection, in order, in one transaction, and returns after it is on disk.
    ///
    /// - Parameter atomically: All or nothing: the first operation that fails is thrown as `.batchFailed`, and none is
    ///   applied. Otherwise each fails by itself.
    /// - Returns: One result for each operation, in order.
    func write(
        _ operations: [WriteOperation], to collection: String, atomically: Bool
    ) async throws(StoreError) -> [Result<WriteResult, StoreError>]

    /// Applies one operation and remembers the key with what it did, in one transaction; under a key that is remembered,
    /// gives the first answer again and writes nothing. A key of another request is `.idempotencyKeyReused`.
    func write(
        _ operation: WriteOperation, to collection: String, idempotency key: IdempotencyKey
    ) async throws(StoreError) -> IdempotentAnswer

    /// The answer that a write under this key would give again; `nil`: the key is free. A first look, to save validating and
    /// embedding: the write looks again. A key of another request is `.idempotencyKeyReused`.
    func idempotentAnswer(
        to key: IdempotencyKey, in collection: String
    ) async throws(StoreError) -> IdempotentAnswer?

    /// The live record with this id.
    func record(_ id: Int64, in collection: String) async throws(StoreError) -> StoredRecord?
    /// The live ones of these records, in the order given; an id that is given twice comes twice. At most 10,000.
    func records(_ ids: [Int64], in collection: String) async throws(StoreError) -> [StoredRecord]
    /// The record's vector; `nil` where there is no live record or it has none.
    func vector(of id: Int64, in collection: String) async throws(StoreError) -> [Float]?
    /// The same with the model that it is of, both as they were at one moment.
    func storedVector(of id: Int64, in collection: String) async throws(StoreError) -> StoredVector?

    /// One stretch of the records that pass `keyword` and `filter`.
    ///
    /// - Parameters:
    ///   - keyword: Words as a person types them, all of which a record must have; see `KeywordQuery`.
    ///   - sort: `nil`: best match first with a keyword, else by ascending id.
    ///   - limit: 0...10,000.
    func list(
        _ collection: String, keyword: String?, filter: Filter?, sort: RecordSort?, limit: Int, offset: Int
    ) async throws(StoreError) -> RecordList

    /// The records with an id above `afterID`, by ascending id: pages for a cursor or an export, in which no record that
    /// stays is skipped or seen twice. Fewer than `limit` records: there are no more. `limit` is 1...10,000.
    func page(
        _ collection: String, filter: Filter?, afterID: Int64, limit: Int
    ) async throws(StoreError) -> [StoredRecord]

    /// How many live records pass the filter.
    func count(_ collection: String, filter: Filter?) async throws(StoreError) -> Int

    /// Records that match a keyword query and pass the filter, best first; equal scores by ascending id.
    func keywordSearch(
        _ collection: String, keyword: String, filter: Filter?, limit: Int, offset: Int
    ) async throws(StoreError) -> [KeywordHit]

    /// For each record, the id of a live record that an insert with `.skip` would find equal to it; `nil` where there is
    /// none. A first look, to save embedding what is there: the insert looks again.
    func duplicates(of records: [RecordWrite], in collection: String) async throws(StoreError) -> [Int64?]

    /// The changes of one shard after `afterSeq`, oldest first, from one snapshot.
    ///
    /// - Parameters:
    ///   - shardIndex: 0..<`shardCount`.
    ///   - limit: 1...10,000 rows; the page also ends before it outgrows the store's page size in bytes.
    func feed(
        _ collection: String, shardIndex: Int, shardCount: Int, afterSeq: Int64, limit: Int
    ) async throws(StoreError) -> FeedRows

    /// Finishes the writes that were accepted, then closes the files. Every later call throws `.closed`.
    func close() async throws(StoreError)
}

extension RecordStoring {
    /// Writes one record. With a natural key that a live record has, that record is replaced.
    public func insert(
        _ record: RecordWrite, into collection: String, duplicates: DuplicatePolicy = .write
    ) async throws(StoreError) -> WriteResult {
        try await write(.insert(record, duplicates: duplicates), to: collection)
    }

    /// Replaces the record; with `expectedSeq`, only if it still has that `seq`.
    public func replace(
        _ id: Int64, with record: RecordWrite, in collection: String, expectedSeq: Int64? = nil
    ) async throws(StoreError) -> WriteResult {
        try await write(.replace(id: id, record, expectedSeq: expectedSeq), to: collection)
    }

    /// Deletes the record; with `expectedSeq`, only if it still has that `seq`.
    public func delete(
        _ id: Int64, from collection: String, expectedSeq: Int64? = nil
    ) async throws(StoreError) -> WriteResult {
        try await write(.delete(id: id, expectedSeq: expectedSeq), to: collection)
    }

    /// Applies one operation, and throws what it fails with.
    public func write(
        _ operation: WriteOperation, to collection: String
    ) async throws(StoreError) -> WriteResult {
        let results = try await write([operation], to: collection, atomically: false)
        precondition(results.count == 1, "a store gives one result for each operation")
        return try results[0].get()
    }
}
