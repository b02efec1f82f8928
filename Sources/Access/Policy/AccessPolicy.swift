/// Decides what a request may do: a pure table of operation and caller, with one setting.
///
/// This module answers who a request is from and what it may do: keys, passwords, tokens, roles, rate limits, origins.
/// It holds no connection, no file and no clock; the gateway brings instants, look-ups and headers. What it never does is
/// to guess: an operation it is not told about cannot be asked for.
public struct AccessPolicy: Sendable, Equatable {
    /// `KAZI_REQUIRE_AUTH`: which operations want a key or a token.
    public enum Requirement: String, Sendable, CaseIterable {
        /// Records are open to whoever reaches the port; `/admin` and `/api/v1/profile` are not.
        case none
        /// Reading is open.
        case writes
        /// Everything but health and signing in.
        case all

        public init(parsing text: String) throws(AccessConfigurationError) {
            guard let requirement = Requirement(rawValue: text) else { throw .unknownRequirement(text) }
            self = requirement
        }
    }

    public let requirement: Requirement

    public init(requirement: Requirement = .none) { self.requirement = requirement }

    /// Whether `caller` may do `operation`.
    ///
    /// Where an operation is open, bad credentials do not close it: a client whose token ran out can still read what
    /// anybody can. A grant for some collections covers no operation over all of them, or one would see in the sum what one
    /// may not see in the parts.
    public func decision(for operation: AccessOperation, by caller: Caller) -> AccessDecision {
        guard !isOpen(operation) else { return .allowed }
        guard case .known(let identity) = caller else {
            return .unauthenticated(AccessDenial(detail: caller.detail, challenge: challenge(operation, caller)))
        }
        guard isGranted(operation, to: identity.grant) else {
            return .forbidden(AccessDenial(detail: caller.detail, challenge: challenge(operation, caller)))
        }
        return .allowed
    }

    private func isOpen(_ operation: AccessOperation) -> Bool {
        switch operation {
        case .health, .signIn: true
        case .describe, .read: requirement != .all
        case .write: requirement == .none
        case .profile, .administer: false
        }
    }

    private func isGranted(_ operation: AccessOperation, to grant: Grant) -> Bool {
        guard let permission = operation.permission else { return true }
        guard let role = grant.role, role.permits(permission) else { return false }
        guard let collections = grant.collections else { return true }
        switch operation {
        case .read(let collection), .write(let collection): return collection.map(collections.contains) ?? false
        case .administer: return false
        case .health, .signIn, .describe, .profile: return true
        }
    }

    /// The value of `WWW-Authenticate`: RFC 6750 §3 for bearer tokens. API keys have no registered scheme; `APIKey` is what
    /// OpenAPI-minded frameworks send.
    private func challenge(_ operation: AccessOperation, _ caller: Caller) -> String {
        var bearer = #"Bearer realm="kazi""#
        switch caller {
        case .refused(.badToken): bearer += #", error="invalid_token", error_description="\#(caller.detail)""#
        case .known:
            bearer += #", error="insufficient_scope""#
            if let permission = operation.permission { bearer += #", scope="\#(permission.leastRole.rawValue)""# }
        case .anonymous, .refused: break
        }
        // A profile is a person's: keys have one too, but the contract speaks of tokens alone.
        guard operation != .profile else { return bearer }
        let key = #"APIKey realm="kazi""#
        return operation == .administer ? "\(key), \(bearer)" : "\(bearer), \(key)"
    }
}

/// What an access policy answers.
public enum AccessDecision: Sendable, Equatable {
    case allowed
    /// 401: who are you?
    case unauthenticated(AccessDenial)
    /// 403: known, and not allowed.
    case forbidden(AccessDenial)
}

/// What a client that is turned away is told.
public struct AccessDenial: Sendable, Equatable {
    /// The body's `detail`.
    public let detail: String
    /// The value of the header `WWW-Authenticate`.
    public let challenge: String
}
