import GRDB

extension AccountDatabase {
    private static let keyColumns = """
        SELECT id, hash, prefix, name, role, collections, created_at, expires_at, revoked_at FROM api_keys
        """

    /// Adds a key.
    ///
    /// - Parameters:
    ///   - hash: SHA-256 of the key, 32 bytes.
    ///   - prefix: What may be shown of the key, 1...200 bytes.
    ///   - expiresAt: Microseconds since 1970-01-01T00:00:00Z.
    public func addKey(
        hash: [UInt8], prefix: String, name: String, role: String, collections: [String]? = nil, expiresAt: Int64? = nil
    ) async throws(AccountError) -> APIKeyRow {
        let createdAt = now()
        return try await change { db in
            try Self.refuseOneMore(in: "api_keys", db)
            let row = APIKeyRow(
                id: 0, hash: hash, prefix: prefix, name: name, role: role, collections: collections,
                createdAt: createdAt, expiresAt: expiresAt, revokedAt: nil)
            try Self.check(row)
            let sql = """
                INSERT INTO api_keys (hash, prefix, name, role, collections, created_at, expires_at) \
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
            try db.run(sql, [
                .blob(hash), Self.text(prefix), Self.text(name), Self.text(role), try Self.json(collections),
                .integer(createdAt), Self.integer(expiresAt),
            ])
            return APIKeyRow(
                id: db.lastInsertedRowID, hash: hash, prefix: prefix, name: name, role: role, collections: collections,
                createdAt: createdAt, expiresAt: expiresAt, revokedAt: nil)
        }
    }

    /// Every key, expired and revoked ones included, by ascending id.
    public func keys() async throws(AccountError) -> [APIKeyRow] {
        try await read { db in try Self.keys("ORDER BY id", [], db) }
    }

    /// The key with this hash, usable or not: see `APIKeyRow.isUsable(at:)`.
    public func key(hash: [UInt8]) async throws(AccountError) -> APIKeyRow? {
        try await read { db in try Self.keys("WHERE hash = ?", [.blob(hash)], db).first }
    }

    public func key(id: Int64) async throws(AccountError) -> APIKeyRow? {
        try await read { db in try Self.keys("WHERE id = ?", [.integer(id)], db).first }
    }

    /// Changes a key as it is at that moment, in one transaction.
    public func changeKey(
        id: Int64, _ edit: @Sendable @escaping (inout APIKeyRow) -> Void
    ) async throws(AccountError) -> APIKeyRow {
        try await change { db in
            guard var row = try Self.keys("WHERE id = ?", [.integer(id)], db).first else {
                throw AccountError.keyNotFound(id: id)
            }
            edit(&row)
            try Self.check(row)
            let sql = """
                UPDATE api_keys SET name = ?, role = ?, collections = ?, expires_at = ?, revoked_at = ? WHERE id = ?
                """
            try db.run(sql, [
                Self.text(row.name), Self.text(row.role), try Self.json(row.collections), Self.integer(row.expiresAt),
                Self.integer(row.revokedAt), .integer(id),
            ])
            return row
        }
    }

    /// Revokes a key from now on; one that was revoked before keeps the time of that.
    public func revokeKey(id: Int64) async throws(AccountError) -> APIKeyRow {
        let now = now()
        return try await changeKey(id: id) { $0.revokedAt = $0.revokedAt ?? now }
    }

    /// Deletes a key for good.
    public func removeKey(id: Int64) async throws(AccountError) {
        try await change { db in
            try db.run("DELETE FROM api_keys WHERE id = ?", [.integer(id)])
            if db.changesCount == 0 { throw AccountError.keyNotFound(id: id) }
        }
    }

    private static func check(_ row: APIKeyRow) throws {
        guard row.hash.count == 32 else { throw AccountError.invalidField("hash") }
        try check(row.prefix, "prefix")
        try check(row.name, "name")
        try check(row.role, "role")
        if let collections = row.collections { try check(collections, "collections") }
    }

    private static func keys(_ clause: String, _ arguments: [SQLValue], _ db: Database) throws -> [APIKeyRow] {
        // The clauses are few and fixed, so the compiled statements may be kept.
        try db.using("\(keyColumns) \(clause)") { statement in
            try statement.bind(arguments)
            var rows: [APIKeyRow] = []
            while try statement.step() {
                rows.append(
                    APIKeyRow(
                        id: statement.int64(0), hash: statement.bytes(1), prefix: statement.text(2),
                        name: statement.text(3), role: statement.text(4),
                        collections: statement.isNull(5) ? nil : try statement.strings(5),
                        createdAt: statement.int64(6), expiresAt: statement.optionalInt64(7),
                        revokedAt: statement.optionalInt64(8)))
            }
            return rows
        }
    }
}
