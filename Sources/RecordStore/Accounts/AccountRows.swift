/// An API key as it is stored: never the key itself.
public struct APIKeyRow: Sendable, Hashable {
    /// Given by the store, and never again to another key.
    public let id: Int64
    /// SHA-256 of the key, 32 bytes, unique.
    public let hash: [UInt8]
    /// The first characters of the key, by which people tell keys apart in lists.
    public let prefix: String
    /// 1...200 bytes. Two keys may have one name.
    public var name: String
    /// `reader`, `writer`, `admin`, or whatever the caller means by it.
    public var role: String
    /// `nil`: for all collections, those to come included.
    public var collections: [String]?
    /// Microseconds since 1970-01-01T00:00:00Z, like the other times.
    public let createdAt: Int64
    /// From then on the key is no good; `nil`: it does not expire.
    public var expiresAt: Int64?
    /// From then on the key is no good; `nil`: it was not revoked.
    public var revokedAt: Int64?

    /// Whether the key opens anything at `now`.
    public func isUsable(at now: Int64) -> Bool {
        revokedAt.map { $0 > now } ?? true && expiresAt.map { $0 > now } ?? true
    }
}

/// A user as stored.
public struct UserRow: Sendable, Hashable {
    /// Given by the store, and never again to another user.
    public let id: Int64
    /// 1...200 bytes, unique.
    public var name: String
    /// The hash with its algorithm and parameters, as text, at most 1,000 bytes; the store only keeps it.
    public var passwordHash: String
    public var roles: [String]
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let createdAt: Int64
    /// Since when the user may not log in; `nil`: may.
    public var disabledAt: Int64?
}

/// Why accounts could not be read or changed. Nothing was changed when one of these is thrown.
public enum AccountError: Error, Sendable, Hashable {
    case keyNotFound(id: Int64)
    case userNotFound(id: Int64)
    /// Another user has the name, or another key has the hash.
    case taken
    /// A name, role, prefix, password hash or list is empty or too long, or a hash has not 32 bytes.
    case invalidField(String)
    /// There are as many keys, or users, as there may be.
    case tooMany(limit: Int)
    case store(StoreError)
}
