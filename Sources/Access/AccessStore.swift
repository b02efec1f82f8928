/// Where keys and users are looked up; the gateway implements it over its store.
///
/// An error means that nobody knows: the request is answered as when the store is down, never as if the credentials were bad.
public protocol AccessStore: Sendable {
    /// The key that has this id and this hash; `nil` for none. A store looks it up by whichever it has an index on; the hash
    /// is compared once more by who asks, in constant time. Revoked and expired keys may be returned or left out: returned,
    /// their owner is told.
    func apiKey(id: String, hash: KeyHash) async throws -> StoredAPIKey?
    /// The user with this name, byte for byte; `nil` for none. Disabled ones may be returned or left out.
    func user(name: String) async throws -> StoredUser?
    /// The user whom tokens call so (`StoredUser.id`), byte for byte; `nil` for none. Disabled ones must be returned.
    func user(id: String) async throws -> StoredUser?
    /// Grows with every change of a user, by whatever process.
    func accountsRevision() async throws -> Int64
}
