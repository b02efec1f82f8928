/// Where keys and users are looked up; the gateway implements it over its store.
///
/// An error means that nobody knows: the request is answered as when the store is down, never as if the credentials were bad.
public protocol AccessStore: Sendable {
    /// The key with this id, exactly; `nil` for none. Revoked and expired keys may be returned or left out.
    func apiKey(id: String) async throws -> StoredAPIKey?
    /// The user with this name, byte for byte; `nil` for none. Disabled ones may be returned or left out.
    func user(name: String) async throws -> StoredUser?
}
