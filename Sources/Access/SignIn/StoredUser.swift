/// A person as the store keeps them.
public struct StoredUser: Sendable, Equatable {
    /// What tokens and profiles call them: 1...256 bytes without control characters.
    public let id: String
    /// What they type to sign in.
    public let name: String
    public let passwordHash: PasswordHash
    /// None: the person may sign in and do nothing.
    public let roles: Set<Role>
    /// Signs in no longer. A token that was issued before stays good until it expires.
    public let isDisabled: Bool

    public init(id: String, name: String, passwordHash: PasswordHash, roles: Set<Role>, isDisabled: Bool = false) {
        self.id = id
        self.name = name
        self.passwordHash = passwordHash
        self.roles = roles
        self.isDisabled = isDisabled
    }
}
