/// A person as the store keeps them.
public struct StoredUser: Sendable, Equatable {
    /// What tokens and profiles call them: 1...256 bytes without control characters.
    public let id: String
    /// What they type to sign in.
    public let name: String
    public let passwordHash: PasswordHash
    /// None: the person may sign in and do nothing.
    public let roles: Set<Role>
    /// Signs in no longer, and tokens that were issued before are refused.
    public let isDisabled: Bool
    /// Seconds since 1970: tokens from before that are another's.
    public let createdAt: Int64

    public init(
        id: String, name: String, passwordHash: PasswordHash, roles: Set<Role>, isDisabled: Bool = false, createdAt: Int64 = 0
    ) {
        self.id = id
        self.name = name
        self.passwordHash = passwordHash
        self.roles = roles
        self.isDisabled = isDisabled
        self.createdAt = createdAt
    }
}
