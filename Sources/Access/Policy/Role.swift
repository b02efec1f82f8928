/// What a person or a key may do, in one word. Each role includes the ones below it.
public enum Role: String, Sendable, Codable, CaseIterable, Comparable {
    case reader
    case writer
    case admin

    /// The permissions that the role brings.
    public var permissions: Set<Permission> { Set(Permission.allCases.filter(permits)) }

    public func permits(_ permission: Permission) -> Bool { self >= permission.leastRole }

    private var rank: Int {
        switch self {
        case .reader: 0
        case .writer: 1
        case .admin: 2
        }
    }

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// What an operation needs.
public enum Permission: String, Sendable, CaseIterable {
    case read
    case write
    case administer

    /// The least role that brings it.
    public var leastRole: Role {
        switch self {
        case .read: .reader
        case .write: .writer
        case .administer: .admin
        }
    }
}

/// What an identity was given: a role, and the collections it holds for.
public struct Grant: Sendable, Equatable {
    /// `nil` for somebody who is known and may do nothing, such as a user without roles.
    public let role: Role?
    /// Names of collections; `nil` for all of them, those to come included.
    public let collections: Set<String>?

    public init(role: Role?, collections: Set<String>? = nil) {
        self.role = role
        self.collections = collections
    }

    /// Everything that any of the roles may do.
    public init(roles: [Role]) { self.init(role: roles.max()) }
}
