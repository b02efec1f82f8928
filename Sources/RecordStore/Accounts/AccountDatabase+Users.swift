import GRDB

extension AccountDatabase {
    private static let userColumns = "SELECT id, name, password_hash, roles, created_at, disabled_at FROM users"

    /// Adds a user; `.taken` where the name is another's.
    public func addUser(
        name: String, passwordHash: String, roles: [String]
    ) async throws(AccountError) -> UserRow {
        let createdAt = now()
        return try await change { db in
            try Self.refuseOneMore(in: "users", db)
            try Self.check(
                UserRow(id: 0, name: name, passwordHash: passwordHash, roles: roles, createdAt: createdAt, disabledAt: nil))
            try db.run(
                "INSERT INTO users (name, password_hash, roles, created_at) VALUES (?, ?, ?, ?)",
                [Self.text(name), Self.text(passwordHash), try Self.json(roles), .integer(createdAt)])
            return UserRow(
                id: db.lastInsertedRowID, name: name, passwordHash: passwordHash, roles: roles, createdAt: createdAt,
                disabledAt: nil)
        }
    }

    /// Every user, disabled ones included, by ascending id.
    public func users() async throws(AccountError) -> [UserRow] {
        try await read { db in try Self.users("ORDER BY id", [], db) }
    }

    /// The user with exactly this name.
    public func user(named name: String) async throws(AccountError) -> UserRow? {
        try await read { db in try Self.users("WHERE name = ?", [Self.text(name)], db).first }
    }

    public func user(id: Int64) async throws(AccountError) -> UserRow? {
        try await read { db in try Self.users("WHERE id = ?", [.integer(id)], db).first }
    }

    /// Changes a user as they are at that moment, in one transaction.
    public func changeUser(
        id: Int64, _ edit: @Sendable @escaping (inout UserRow) -> Void
    ) async throws(AccountError) -> UserRow {
        try await change { db in
            guard var row = try Self.users("WHERE id = ?", [.integer(id)], db).first else {
                throw AccountError.userNotFound(id: id)
            }
            edit(&row)
            try Self.check(row)
            try db.run(
                "UPDATE users SET name = ?, password_hash = ?, roles = ?, disabled_at = ? WHERE id = ?",
                [
                    Self.text(row.name), Self.text(row.passwordHash), try Self.json(row.roles),
                    Self.integer(row.disabledAt), .integer(id),
                ])
            return row
        }
    }

    /// Disables a user from now on; one who was disabled before keeps the time of that.
    public func disableUser(id: Int64) async throws(AccountError) -> UserRow {
        let now = now()
        return try await changeUser(id: id) { $0.disabledAt = $0.disabledAt ?? now }
    }

    /// Deletes a user for good.
    public func removeUser(id: Int64) async throws(AccountError) {
        try await change { db in
            try db.run("DELETE FROM users WHERE id = ?", [.integer(id)])
            if db.changesCount == 0 { throw AccountError.userNotFound(id: id) }
        }
    }

    private static func check(_ row: UserRow) throws {
        try check(row.name, "name")
        try check(row.passwordHash, "passwordHash", in: 1...1_000)
        try check(row.roles, "roles")
    }

    private static func users(_ clause: String, _ arguments: [SQLValue], _ db: Database) throws -> [UserRow] {
        // The clauses are few and fixed, so the compiled statements may be kept.
        try db.using("\(userColumns) \(clause)") { statement in
            try statement.bind(arguments)
            var rows: [UserRow] = []
            while try statement.step() {
                rows.append(
                    UserRow(
                        id: statement.int64(0), name: statement.text(1), passwordHash: statement.text(2),
                        roles: try statement.strings(3), createdAt: statement.int64(4),
                        disabledAt: statement.optionalInt64(5)))
            }
            return rows
        }
    }
}
