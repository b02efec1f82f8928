/// A key as the store keeps it: everything but the key.
public struct StoredAPIKey: Sendable, Equatable {
    /// What the store calls it, such as `APIKey.id`; limits are kept and requests are logged by it.
    public let id: String
    public let hash: KeyHash
    /// For people, such as `nightly import`.
    public let name: String
    public let role: Role
    /// Names of the collections it covers; `nil` for all of them, those to come included. An empty set covers none.
    public let collections: Set<String>?
    /// This and the other times are in seconds since 1970.
    public let createdAt: Int64
    /// It is good before this second and not from it on; `nil` for ever.
    public let expiresAt: Int64?
    public let revokedAt: Int64?
    public let lastUsedAt: Int64?

    public init(
        id: String, hash: KeyHash, name: String, role: Role, collections: Set<String>? = nil, createdAt: Int64,
        expiresAt: Int64? = nil, revokedAt: Int64? = nil, lastUsedAt: Int64? = nil
    ) {
        self.id = id
        self.hash = hash
        self.name = name
        self.role = role
        self.collections = collections
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }

    /// The row of a new key.
    ///
    /// - Throws: `AccessNameFault` for a name that a list could not show.
    public init(
        of key: APIKey, name: String, role: Role, collections: Set<String>? = nil, createdAt: Int64, expiresAt: Int64? = nil
    ) throws(AccessNameFault) {
        try AccessNameFault.check(name)
        self.init(
            id: key.id, hash: key.hash, name: name, role: role, collections: collections, createdAt: createdAt,
            expiresAt: expiresAt)
    }

    public var grant: Grant { Grant(role: role, collections: collections) }

    /// How seldom a use is worth a write: a store that noted each one would turn every read into a write.
    public static let useNotedEverySeconds: Int64 = 60

    /// Whether `lastUsedAt` is old enough for a use at `now` to be noted.
    public func shouldNoteUse(at now: Int64) -> Bool {
        // The distance and not the difference: a clock that was set back does not silence the column for years.
        lastUsedAt.map { ($0 - now).magnitude >= Self.useNotedEverySeconds.magnitude } ?? true
    }
}
