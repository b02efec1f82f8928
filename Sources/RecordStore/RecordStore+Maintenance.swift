import GRDB
import NIOConcurrencyHelpers

extension RecordStore {
    /// Moves the write-ahead log into the database file and empties it, as far as no reader still needs it. The store
    /// does this by itself as the log grows; a call before a copy of the files makes the copy small.
    public func checkpoint() async throws(StoreError) {
        try await onWriter { db in
            do {
                _ = try db.checkpoint(.truncate)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED {
                // A reader is at work: the rest is moved next time.
            }
        }
    }

    /// Reads everything and compares it with itself: pages, indexes, full text, counters against
    /// the rows. Writes wait meanwhile.
    ///
    /// - Returns: What is wrong, at most a hundred findings a kind; empty when all is well.
    public func integrityCheck() async throws(StoreError) -> [String] {
        let tables = tables.values.sorted { $0.name < $1.name }
        return try await onWriter { db in
            var findings = try db.texts("PRAGMA integrity_check(100)").filter { $0 != "ok" }
            let head = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") ?? 0
            for collection in tables {
                findings += try Self.check(collection, headSeq: head, readsOnly: false, db)
            }
            return findings
        }
    }

    /// - Parameter readsOnly: Leaves out the inner check of the text index, which SQLite takes for a write.
    static func check(
        _ collection: CollectionTables, headSeq: Int64, readsOnly: Bool, _ db: Database
    ) throws -> [String] {
        let statements = collection.statements
        var findings: [String] = []
        let live = try db.integer("SELECT count(*) FROM \(statements.records) WHERE deleted = 0") ?? 0
        let counted = try db.integer(
            "SELECT value FROM counters WHERE name = ?", [.text(CollectionCatalog.liveCounter(collection.name))])
        if live != counted { findings.append("\(collection.name): \(live) live rows, \(counted ?? -1) counted") }
        let last = try db.integer("SELECT max(seq) FROM \(statements.records)") ?? 0
        if last > headSeq { findings.append("\(collection.name): a row has seq \(last), the head is \(headSeq)") }
        let stray = try db.integer("""
            SELECT count(*) FROM \(statements.vectors) AS v LEFT JOIN \(statements.records) AS r ON r.id = v.id \
            WHERE r.deleted IS NOT 0 OR length(v.vector) <> \(collection.dimension * 4)
            """) ?? 0
        if stray > 0 { findings.append("\(collection.name): \(stray) vectors without a live row or of a wrong size") }
        if collection.target != nil { findings += try checkPending(collection, db) }
        if collection.hasText { findings += try checkText(collection, liveCount: live, readsOnly: readsOnly, db) }
        return findings
    }

    private static func checkPending(_ collection: CollectionTables, _ db: Database) throws -> [String] {
        let statements = collection.statements
        var findings: [String] = []
        let count = try db.integer("SELECT count(*) FROM \(statements.pending)") ?? 0
        let counted = try db.integer(
            "SELECT value FROM counters WHERE name = ?", [.text(CollectionCatalog.pendingCounter(collection.name))])
        if count != counted { findings.append("\(collection.name): \(count) pending vectors, \(counted ?? -1) counted") }
        let stray = try db.integer("""
            SELECT count(*) FROM \(statements.pending) AS p LEFT JOIN \(statements.records) AS r ON r.id = p.id \
            WHERE r.deleted IS NOT 0 OR length(p.vector) <> \((collection.target?.dimension ?? 0) * 4)
            """) ?? 0
        if stray > 0 {
            findings.append("\(collection.name): \(stray) pending vectors without a live row or of a wrong size")
        }
        return findings
    }

    private static func checkText(
        _ collection: CollectionTables, liveCount: Int64, readsOnly: Bool, _ db: Database
    ) throws -> [String] {
        let text = collection.statements.text
        let indexed = try db.integer("SELECT count(*) FROM \"\(collection.name):text_docsize\"") ?? 0
        if indexed != liveCount { return ["\(collection.name): \(liveCount) live rows, \(indexed) in the text index"] }
        if readsOnly { return [] }
        do {
            try db.run("INSERT INTO \(text) (\(text)) VALUES ('integrity-check')")
            return []
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return ["\(collection.name): the text index is damaged"]
        }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        let pages = try await read { db in
            let values = try ["page_count", "freelist_count", "page_size"].map { try db.integer("PRAGMA \($0)") ?? 0 }
            return values.map { Int($0) }
        }
        let databaseBytes = StoreDirectory.fileBytes(databasePath) ?? 0
        let walBytes = walBytes
        return state.withLockedValue { state in
            StoreStatistics(
                headSeq: state.headSeq, pageCount: pages[0], freePageCount: pages[1], pageBytes: pages[2],
                databaseBytes: databaseBytes, walBytes: walBytes, idempotencyKeyCount: state.idempotency.rowCount,
                idempotencyBytes: state.idempotency.byteCount,
                queuedOperationCount: state.queue.operationCount, queuedBytes: state.queue.byteCount,
                readCount: state.readCount, transactionCount: state.queue.transactionCount,
                operationCount: state.queue.answeredOperationCount, failedTransactionCount: state.failedTransactionCount,
                transactionSizes: state.transactionSizes, commitSeconds: state.commitSeconds)
        }
    }

    func onWriter<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        if state.withLockedValue({ $0.queue.isClosed }) { throw .closed }
        do {
            return try await pool.writeWithoutTransaction(body)
        } catch {
            throw readingError(error)
        }
    }
}
