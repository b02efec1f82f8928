import HTTPTypes

extension Operation {
    /// What a caller must be allowed to do.
    enum Access: String, Sendable {
        /// Open to everybody, whatever the settings are.
        case `public`
        /// Reads: records, or what the service says of itself.
        case read
        /// Changes records.
        case write
        /// Wants a key or a token whatever the settings are, of whatever role.
        case known
        /// Wants a key or a token whatever the settings are, and a role that may administer.
        case admin

        /// Whatever can change nothing reads.
        static func usual(of method: HTTPRequest.Method) -> Access {
            [.get, .head, .options].contains(method) ? .read : .write
        }
    }

    /// Which operations want a key or a token.
    enum RequiredCredentials: String, Sendable, CaseIterable {
        /// None but those that always want them.
        case none
        /// Those that change records.
        case writes
        /// Everything that is not public.
        case all

        func cover(_ access: Access) -> Bool {
            switch access {
            case .public: false
            case .read: self == .all
            case .write: self != .none
            case .known, .admin: true
            }
        }
    }
}
