import Access
import RecordStore

/// Keys and users of the store, as the module `Access` knows them.
struct AccountStore: AccessStore {
    let accounts: AccountDatabase

    func apiKey(id: String, hash: KeyHash) async throws -> StoredAPIKey? {
        try await accounts.key(hash: hash.bytes).flatMap(StoredAPIKey.init)
    }

    func user(name: String) async throws -> StoredUser? {
        try await accounts.user(named: name).flatMap(StoredUser.init)
    }

    /// Tokens call users by their names.
    func user(id: String) async throws -> StoredUser? { try await user(name: id) }

    func accountsRevision() async throws -> Int64 { try await accounts.revision() }
}

extension StoredAPIKey {
    /// `nil` for a row that no release of this program wrote, such as one with a role that does not exist: it opens nothing.
    public init?(_ row: APIKeyRow) {
        guard let hash = KeyHash(bytes: row.hash), let role = Role(rawValue: row.role) else { return nil }
        self.init(
            id: String(row.prefix.dropFirst(APIKey.marker.count)), hash: hash, name: row.name, role: role,
            collections: row.collections.map(Set.init), createdAt: row.createdAt.seconds,
            expiresAt: row.expiresAt?.seconds, revokedAt: row.revokedAt?.seconds)
    }
}

extension StoredUser {
    /// `nil` for a row that no release of this program wrote.
    public init?(_ row: UserRow) {
        guard let hash = try? PasswordHash(encoded: row.passwordHash) else { return nil }
        self.init(
            id: row.name, name: row.name, passwordHash: hash, roles: Set(row.roles.compactMap(Role.init)),
            isDisabled: row.disabledAt != nil, createdAt: row.createdAt.seconds)
    }
}

extension Int64 {
    /// Microseconds as whole seconds.
    fileprivate var seconds: Int64 { self / 1_000_000 }
}
