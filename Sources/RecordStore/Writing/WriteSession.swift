import GRDB
import RecordSchema

/// The changes of one transaction, from BEGIN to just before COMMIT. Lives on the writer's queue.
///
/// Each operation finds out whether it can be done before it changes anything, so one that fails leaves nothing to undo.
/// An error thrown from here is SQLite's own, and ends the transaction.
struct WriteSession {
    let db: Database
    let now: Int64
    private(set) var seq: Int64
    /// By how much each collection's count of live records changes.
    private(set) var liveChanges: [String: Int64] = [:]
    /// By how much each collection's count of pending vectors changes.
    private var pendingChanges: [String: Int64] = [:]
    private(set) var idempotency: IdempotencyLedger
    private let firstSeq: Int64
    private let firstIdempotency: IdempotencyLedger

    init(_ db: Database, headSeq: Int64, idempotency: IdempotencyLedger, now: Int64) {
        self.db = db
        self.now = now
        seq = headSeq
        firstSeq = headSeq
        self.idempotency = idempotency
        self.idempotency.begin()
        firstIdempotency = self.idempotency
    }

    /// Whether there is anything to commit.
    var isChanged: Bool { seq != firstSeq || idempotency != firstIdempotency }

    private struct Row {
        var id, seq, createdAt, updatedAt: Int64
        var body: [UInt8]
    }

    // MARK: Requests

    /// - Parameter tables: The collection's tables as they are now.
    mutating func apply(_ request: WriteQueue.Request, to tables: CollectionTables) throws -> WriteQueue.Answer {
        guard let key = request.idempotency else {
            return try apply(request.operations, to: tables, atomically: request.atomically)
                .map { WriteAnswer(results: $0) }
        }
        let table = IdempotencyTable(db: db)
        let collection = tables.name
        if let row = try table.find(key, in: collection) {
            if !idempotency.isExpired(row.createdAt, now: now) {
                guard row.fingerprint == key.fingerprint else { return .failure(.idempotencyKeyReused) }
                return .success(WriteAnswer(results: [.success(row.answer.result)], replayedBody: row.answer.body))
            }
            try table.delete(row.id)
            idempotency.removed(byteCount: row.byteCount)
        }
        let operation = request.operations[0]
        let result = try apply(operation, to: tables)
        if case .success(let written) = result {
            let byteCount = try table.insert(key, in: collection, result: written, body: operation.body, now: now)
            idempotency.added(byteCount: byteCount, at: now)
        }
        return .success(WriteAnswer(results: [result]))
    }

    private mutating func apply(
        _ operations: [PreparedOperation], to tables: CollectionTables, atomically: Bool
    ) throws -> Result<[Result<WriteResult, StoreError>], StoreError> {
        // Only a batch that may have to take back its first operations needs a savepoint.
        let needsSavepoint = atomically && operations.count > 1
        let before = self
        if needsSavepoint { try db.run("SAVEPOINT batch", cached: true) }
        var results: [Result<WriteResult, StoreError>] = []
        results.reserveCapacity(operations.count)
        for (index, operation) in operations.enumerated() {
            let result = try apply(operation, to: tables)
            if atomically, case .failure(let reason) = result {
                if needsSavepoint {
                    try db.run("ROLLBACK TO batch", cached: true)
                    try db.run("RELEASE batch", cached: true)
                }
                self = before
                return .failure(.batchFailed(index: index, reason: reason))
            }
            results.append(result)
        }
        if needsSavepoint { try db.run("RELEASE batch", cached: true) }
        return .success(results)
    }

    /// Forgets old idempotency keys, and writes the numbers that changed, all on one page.
    mutating func finish() throws {
        try idempotency.prune(db, now: now)
        if idempotency != firstIdempotency { try idempotency.save(db) }
        try db.run(
            "UPDATE counters SET value = ? WHERE name = 'head_seq'", [.integer(seq)], cached: true)
        let changes = liveChanges.map { (CollectionCatalog.liveCounter($0), $1) }
            + pendingChanges.map { (CollectionCatalog.pendingCounter($0), $1) }
        for (name, change) in changes where change != 0 {
            try db.run(
                "UPDATE counters SET value = value + ? WHERE name = ?", [.integer(change), .text(name)], cached: true)
        }
    }

    // MARK: Operations

    private mutating func apply(
        _ operation: PreparedOperation, to tables: CollectionTables
    ) throws -> Result<WriteResult, StoreError> {
        do {
            switch operation {
            case .insert(let prepared, let skipsDuplicates):
                guard let record = prepared.settled(in: tables) else { return .failure(.conflict(currentSeq: nil)) }
                return .success(try insert(record, skipsDuplicates: skipsDuplicates, tables))
            case .replace(let id, let prepared, let expectedSeq):
                guard let record = prepared.settled(in: tables) else { return .failure(.conflict(currentSeq: nil)) }
                let row = try row(tables.statements.recordByID, .integer(id))
                return .success(try replace(try expect(row, id: id, seq: expectedSeq), record, tables))
            case .delete(let id, let expectedSeq):
                let row = try row(tables.statements.recordByID, .integer(id))
                return .success(try delete(try expect(row, id: id, seq: expectedSeq), tables))
            case .refused(let reason):
                return .failure(reason)
            }
        } catch let error as StoreError {
            return .failure(error)
        }
    }

    private func expect(_ row: Row?, id: Int64, seq: Int64?) throws -> Row {
        guard let row else { throw StoreError.notFound(id: id) }
        if let seq, row.seq != seq { throw StoreError.conflict(currentSeq: row.seq) }
        return row
    }

    private mutating func insert(
        _ record: PreparedRecord, skipsDuplicates: Bool, _ tables: CollectionTables
    ) throws -> WriteResult {
        if let key = record.key, let row = try row(tables.statements.recordByKey, .text(key)) {
            if skipsDuplicates, try isEqual(row, record, tables) { return Self.duplicate(row) }
            return try replace(row, record, tables)
        }
        if skipsDuplicates, let row = try equalRow(record, tables) { return Self.duplicate(row) }
        if case .keep = record.vector { throw StoreError.conflict(currentSeq: nil) }

        seq += 1
        let id = try db.using(tables.statements.insertRecord) { statement in
            try bind(record, createdAt: now, updatedAt: now, to: statement)
            try statement.run()
            return db.lastInsertedRowID
        }
        if case .set(let bytes) = record.vector {
            try db.run(tables.statements.insertVector, [.integer(id), .blob(bytes)], cached: true)
        }
        if case .set(let bytes) = record.pending, tables.target != nil {
            pendingChanges[tables.name, default: 0] += try tables.putPending(.blob(bytes), id: id, db)
        }
        if tables.hasText { try db.run(tables.statements.insertText, [.integer(id)], cached: true) }
        liveChanges[tables.name, default: 0] += 1
        return WriteResult(kind: .created, id: id, seq: seq, createdAt: now, updatedAt: now)
    }

    private mutating func replace(
        _ row: Row, _ record: PreparedRecord, _ tables: CollectionTables
    ) throws -> WriteResult {
        if case .keep(let seq) = record.vector, seq != row.seq { throw StoreError.conflict(currentSeq: row.seq) }
        if let key = record.key, let other = try self.row(tables.statements.recordByKey, .text(key)), other.id != row.id {
            throw StoreError.keyTaken(byID: other.id)
        }
        seq += 1
        // The clock may have been set back since.
        let updatedAt = max(now, row.createdAt)
        if tables.hasText { try db.run(tables.statements.deleteText, [.integer(row.id)], cached: true) }
        try db.using(tables.statements.updateRecord) { statement in
            let next = try bind(record, createdAt: row.createdAt, updatedAt: updatedAt, to: statement)
            try statement.bind(row.id, at: next)
            try statement.run()
        }
        if tables.hasText { try db.run(tables.statements.insertText, [.integer(row.id)], cached: true) }
        switch record.vector {
        case .set(let bytes): try db.run(tables.statements.insertVector, [.integer(row.id), .blob(bytes)], cached: true)
        case .keep: break
        case .none: try db.run(tables.statements.deleteVector, [.integer(row.id)], cached: true)
        }
        if tables.target != nil {
            let change: Int64 = switch record.pending {
            case .set(let bytes): try tables.putPending(.blob(bytes), id: row.id, db)
            case .keep(let seq) where seq == row.seq: 0
            case .keep, .none: try tables.deletePending(id: row.id, db)
            }
            pendingChanges[tables.name, default: 0] += change
        }
        return WriteResult(kind: .updated, id: row.id, seq: seq, createdAt: row.createdAt, updatedAt: updatedAt)
    }

    private mutating func delete(_ row: Row, _ tables: CollectionTables) throws -> WriteResult {
        seq += 1
        let updatedAt = max(now, row.createdAt)
        if tables.hasText { try db.run(tables.statements.deleteText, [.integer(row.id)], cached: true) }
        try db.run(
            tables.statements.deleteRecord, [.integer(seq), .integer(updatedAt), .integer(row.id)], cached: true)
        try db.run(tables.statements.deleteVector, [.integer(row.id)], cached: true)
        if tables.target != nil {
            pendingChanges[tables.name, default: 0] += try tables.deletePending(id: row.id, db)
        }
        liveChanges[tables.name, default: 0] -= 1
        return WriteResult(kind: .deleted, id: row.id, seq: seq, createdAt: row.createdAt, updatedAt: updatedAt)
    }

    private static func duplicate(_ row: Row) -> WriteResult {
        WriteResult(kind: .duplicate, id: row.id, seq: row.seq, createdAt: row.createdAt, updatedAt: row.updatedAt)
    }

    // MARK: Rows

    /// Binds everything from `seq` to `body`; returns the index of the argument after it.
    @discardableResult
    private func bind(
        _ record: PreparedRecord, createdAt: Int64, updatedAt: Int64, to statement: SQLStatement
    ) throws -> Int {
        try statement.bind(seq, at: 1)
        try statement.bind(createdAt, at: 2)
        try statement.bind(updatedAt, at: 3)
        try statement.bind(record.contentDigest, at: 4)
        if let key = record.key { try statement.bind(text: key, at: 5) }
        try statement.bind(record.columns, from: 6)
        try statement.bind(text: record.body, at: 6 + record.columns.count)
        return 7 + record.columns.count
    }

    private func row(_ sql: String, _ argument: SQLValue) throws -> Row? {
        try db.using(sql) { statement in
            try statement.bind(argument, at: 1)
            return try statement.step() ? Self.read(statement) : nil
        }
    }

    private static func read(_ statement: SQLStatement) -> Row {
        Row(
            id: statement.int64(0), seq: statement.int64(1), createdAt: statement.int64(2),
            updatedAt: statement.int64(3), body: statement.bytes(4))
    }

    private func equalRow(_ record: PreparedRecord, _ tables: CollectionTables) throws -> Row? {
        let finder = DuplicateFinder(db: db, tables: tables)
        guard let id = try finder.equalRecord(to: record) else { return nil }
        return try row(tables.statements.recordByID, .integer(id))
    }

    private func isEqual(_ row: Row, _ record: PreparedRecord, _ tables: CollectionTables) throws -> Bool {
        try DuplicateFinder(db: db, tables: tables).isEqual(id: row.id, body: row.body, to: record)
    }
}

/// Finds a live record that is equal to one about to be written: by digest, then byte by byte.
struct DuplicateFinder {
    let db: Database
    let tables: CollectionTables

    /// The lowest id of an equal record.
    func equalRecord(to record: PreparedRecord) throws -> Int64? {
        let candidates: [(id: Int64, body: [UInt8])] = try db.using(tables.statements.recordsByDigest) { statement in
            try statement.bind(record.contentDigest, at: 1)
            var candidates: [(id: Int64, body: [UInt8])] = []
            while try statement.step() {
                let body = statement.bytes(4)
                if body == record.body {
                    candidates.append((statement.int64(0), body))
                    // Equal by the digest's measure and in the body; only a vector that is a field can still differ.
                    if !tables.vectorsAreContent { break }
                }
            }
            return candidates
        }
        for candidate in candidates where try isEqual(id: candidate.id, body: candidate.body, to: record) {
            return candidate.id
        }
        return nil
    }

    func isEqual(id: Int64, body: [UInt8], to record: PreparedRecord) throws -> Bool {
        guard body == record.body else { return false }
        guard tables.vectorsAreContent else { return true }
        let stored: [UInt8]? = try db.using(tables.statements.vectorByID) { statement in
            try statement.bind(id, at: 1)
            return try statement.step() ? statement.bytes(0) : nil
        }
        switch record.vector {
        case .set(let bytes): return stored == bytes
        case .keep: return true
        case .none: return stored == nil
        }
    }
}
