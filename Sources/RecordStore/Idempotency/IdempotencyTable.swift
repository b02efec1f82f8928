import GRDB

/// The keys that were used, each with the answer that was given. Rows are made in ascending id, so that the oldest are
/// found without an index on time.
struct IdempotencyTable {
    let db: Database

    struct Row {
        var id, createdAt: Int64
        var byteCount: Int
        var fingerprint: [UInt8]
        var answer: IdempotentAnswer
    }

    static func create(_ db: Database) throws {
        try db.run("""
            CREATE TABLE idempotency_keys (
              id INTEGER PRIMARY KEY,
              created_at INTEGER NOT NULL,
              byte_count INTEGER NOT NULL,
              collection TEXT NOT NULL,
              scope TEXT NOT NULL,
              key TEXT NOT NULL,
              fingerprint BLOB NOT NULL,
              kind INTEGER NOT NULL,
              record_id INTEGER NOT NULL,
              seq INTEGER NOT NULL,
              record_created_at INTEGER NOT NULL,
              record_updated_at INTEGER NOT NULL,
              body TEXT NOT NULL
            ) STRICT
            """)
        try db.run("CREATE UNIQUE INDEX idempotency_keys_key ON idempotency_keys (collection, scope, key)")
        try db.run("INSERT INTO counters (name, value) VALUES ('idempotency_keys', 0), ('idempotency_bytes', 0)")
    }

    // MARK: Rows

    func find(_ key: IdempotencyKey, in collection: String) throws -> Row? {
        let sql = """
            SELECT id, created_at, byte_count, fingerprint, kind, record_id, seq, record_created_at, record_updated_at, \
            body FROM idempotency_keys WHERE collection = ? AND scope = ? AND key = ?
            """
        return try db.using(sql) { statement in
            try statement.bind([Self.text(collection), Self.text(key.scope), Self.text(key.text)])
            guard try statement.step() else { return nil }
            guard let kind = WriteResult.Kind(stored: statement.int64(4)) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            let result = WriteResult(
                kind: kind, id: statement.int64(5), seq: statement.int64(6), createdAt: statement.int64(7),
                updatedAt: statement.int64(8))
            return Row(
                id: statement.int64(0), createdAt: statement.int64(1), byteCount: Int(statement.int64(2)),
                fingerprint: statement.bytes(3),
                answer: IdempotentAnswer(result: result, body: statement.bytes(9), isReplay: true))
        }
    }

    /// - Returns: The bytes that the row counts for.
    func insert(
        _ key: IdempotencyKey, in collection: String, result: WriteResult, body: [UInt8], now: Int64
    ) throws -> Int {
        // The columns of fixed size, the index's entry, and what a row takes beside its values.
        let byteCount = 200 + 2 * (collection.utf8.count + key.scope.utf8.count + key.text.utf8.count) + body.count
        let sql = """
            INSERT INTO idempotency_keys (created_at, byte_count, collection, scope, key, fingerprint, kind, record_id, \
            seq, record_created_at, record_updated_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try db.run(sql, [
            .integer(now), .integer(Int64(byteCount)), Self.text(collection), Self.text(key.scope), Self.text(key.text),
            .blob(key.fingerprint), .integer(result.kind.stored), .integer(result.id), .integer(result.seq),
            .integer(result.createdAt), .integer(result.updatedAt), .text(body),
        ], cached: true)
        return byteCount
    }

    func delete(_ id: Int64) throws {
        try db.run("DELETE FROM idempotency_keys WHERE id = ?", [.integer(id)], cached: true)
    }

    /// The oldest rows, at most `limit`.
    func oldest(limit: Int) throws -> [(id: Int64, createdAt: Int64, byteCount: Int)] {
        try db.using("SELECT id, created_at, byte_count FROM idempotency_keys ORDER BY id LIMIT ?") { statement in
            try statement.bind(Int64(limit), at: 1)
            var rows: [(id: Int64, createdAt: Int64, byteCount: Int)] = []
            while try statement.step() { rows.append((statement.int64(0), statement.int64(1), Int(statement.int64(2)))) }
            return rows
        }
    }

    private static func text(_ string: String) -> SQLValue { .text([UInt8](string.utf8)) }
}

extension WriteResult.Kind {
    /// As a row of `idempotency_keys` has it.
    fileprivate var stored: Int64 {
        switch self {
        case .created: 1
        case .updated: 2
        case .deleted: 3
        case .duplicate: 4
        }
    }

    fileprivate init?(stored: Int64) {
        switch stored {
        case 1: self = .created
        case 2: self = .updated
        case 3: self = .deleted
        case 4: self = .duplicate
        default: return nil
        }
    }
}
