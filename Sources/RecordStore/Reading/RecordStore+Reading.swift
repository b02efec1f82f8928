import GRDB
import NIOConcurrencyHelpers
public import RecordSchema

extension RecordStore {
    /// Rows that one call may ask for.
    static let rowCountMax = 10_000
    /// Rows that are fetched by id without leaving the caller's thread.
    private static let shortRowCountMax = 100

    public func record(_ id: Int64, in collection: String) async throws(StoreError) -> StoredRecord? {
        try await records([id], in: collection).first
    }

    public func records(_ ids: [Int64], in collection: String) async throws(StoreError) -> [StoredRecord] {
        let tables = try tables(of: collection)
        guard ids.count <= Self.rowCountMax else { throw .tooManyRows(count: ids.count, limit: Self.rowCountMax) }
        let extent: ReadExtent = ids.count == 1 ? .oneStatement : ids.count <= Self.shortRowCountMax ? .short : .any
        return try await read(extent) { db in try Self.fetch(ids, tables, db) }
    }

    public func vector(of id: Int64, in collection: String) async throws(StoreError) -> [Float]? {
        try await storedVector(of: id, in: collection)?.components
    }

    public func storedVector(of id: Int64, in collection: String) async throws(StoreError) -> StoredVector? {
        let known = try tables(of: collection)
        return try await read(.short) { db in
            let tables = try Self.current(known, db)
            return try db.using(tables.statements.vectorByID) { statement in
                try statement.bind(id, at: 1)
                guard try statement.step(), !statement.isNull(0) else { return nil }
                var vector: [Float] = []
                vector.reserveCapacity(tables.dimension)
                guard statement.appendFloats(0, count: tables.dimension, to: &vector) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                return StoredVector(components: vector, modelDigest: tables.collection.vectors?.modelDigest)
            }
        }
    }

    public func list(
        _ collection: String, keyword: String?, filter: Filter?, sort: RecordSort?, limit: Int, offset: Int
    ) async throws(StoreError) -> RecordList {
        let tables = try tables(of: collection)
        let selection = try Selection(tables, keyword: keyword, filter: filter)
        let order = try selection.order(sort)
        try Self.check(limit: limit, offset: offset)
        return try await read { db in
            let totalCount = try selection.count(db)
            let ids = totalCount > offset ? try selection.ids(order: order, limit: limit, offset: offset, db) : []
            return RecordList(records: try Self.fetch(ids, tables, db), totalCount: totalCount)
        }
    }

    public func page(
        _ collection: String, filter: Filter?, afterID: Int64, limit: Int
    ) async throws(StoreError) -> [StoredRecord] {
        let tables = try tables(of: collection)
        let condition = try FilterSQL(filter, tables: tables)
        try Self.check(limit: limit, offset: 0)
        let sql = """
            SELECT r.id, r.seq, r.created_at, r.updated_at, r.body FROM \(tables.statements.records) AS r \
            WHERE r.id > ? AND r.deleted = 0 AND \(condition.sql) ORDER BY r.id LIMIT ?
            """
        return try await read { db in
            try db.using(sql, cached: filter == nil) { statement in
                try statement.bind([.integer(afterID)] + condition.arguments + [.integer(Int64(limit))])
                var records: [StoredRecord] = []
                while try statement.step() { records.append(Self.readRecord(statement)) }
                return records
            }
        }
    }

    public func count(_ collection: String, filter: Filter?) async throws(StoreError) -> Int {
        let selection = try Selection(try tables(of: collection), keyword: nil, filter: filter)
        return try await read { db in try selection.count(db) }
    }

    public func keywordSearch(
        _ collection: String, keyword: String, filter: Filter?, limit: Int, offset: Int
    ) async throws(StoreError) -> [KeywordHit] {
        let selection = try Selection(try tables(of: collection), keyword: keyword, filter: filter)
        try Self.check(limit: limit, offset: offset)
        return try await read { db in try selection.hits(limit: limit, offset: offset, db) }
    }

    public func duplicates(
        of records: [RecordWrite], in collection: String
    ) async throws(StoreError) -> [Int64?] {
        let tables = try tables(of: collection)
        guard records.count <= Self.rowCountMax else {
            throw .tooManyRows(count: records.count, limit: Self.rowCountMax)
        }
        let preparation = preparation(for: tables)
        var prepared: [PreparedRecord] = []
        prepared.reserveCapacity(records.count)
        for record in records { prepared.append(try preparation.prepare(record)) }
        return try await read { [prepared] db in
            let finder = DuplicateFinder(db: db, tables: tables)
            return try prepared.map { try finder.equalRecord(to: $0) }
        }
    }

    // MARK: -

    private static func check(limit: Int, offset: Int) throws(StoreError) {
        guard (0...rowCountMax).contains(limit) else { throw .tooManyRows(count: limit, limit: rowCountMax) }
        precondition(offset >= 0, "a list begins at offset 0")
    }

    /// The live ones of these records, in the order given. One statement for each id costs less than handing SQLite the
    /// ids as JSON, and their order needs no sorting.
    private static func fetch(_ ids: [Int64], _ tables: CollectionTables, _ db: Database) throws -> [StoredRecord] {
        try db.using(tables.statements.recordByID) { statement in
            var records: [StoredRecord] = []
            records.reserveCapacity(ids.count)
            for id in ids {
                try statement.bind(id, at: 1)
                if try statement.step() { records.append(readRecord(statement)) }
                statement.reset()
            }
            return records
        }
    }

    static func readRecord(_ statement: SQLStatement) -> StoredRecord {
        StoredRecord(
            id: statement.int64(0), seq: statement.int64(1), createdAt: statement.int64(2),
            updatedAt: statement.int64(3), body: statement.bytes(4))
    }

    /// Runs `body` in one read transaction on a connection of its own: one snapshot, whatever is written meanwhile.
    ///
    /// - Parameter extent: Short reads run on the caller's thread while a connection is free: a few microseconds a row,
    ///   where the way to a reader's queue and back wakes three threads and costs eighty.
    func read<Value: Sendable>(
        _ extent: ReadExtent = .any, _ body: @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try admitRead()
        defer { state.withLockedValue { $0.readCount -= 1 } }
        do {
            if extent != .any, let value = try shortReaders.read(isOneStatement: extent == .oneStatement, body) { return value }
            return try await pool.read(body)
        } catch {
            throw readingError(error)
        }
    }

    private func admitRead() throws(StoreError) {
        let refusal: StoreError? = state.withLockedValue { state in
            if state.queue.isClosed { return .closed }
            if state.readCount >= limits.readCountMax { return .busy(retryAfter: .milliseconds(100)) }
            state.readCount += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    func readingError(_ error: any Error) -> StoreError {
        if let error = error as? StoreError { return error }
        if error is CancellationError { return .cancelled }
        guard let error = error as? DatabaseError else { return .unavailable(sqliteCode: 1) }
        switch error.resultCode {
        case .SQLITE_INTERRUPT, .SQLITE_ABORT: return .cancelled
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return .corrupt(path: databasePath, detail: "SQLite code \(error.extendedResultCode.rawValue)")
        case .SQLITE_MISUSE where state.withLockedValue({ $0.queue.isClosed }): return .closed
        default: return .unavailable(sqliteCode: error.extendedResultCode.rawValue)
        }
    }
}
