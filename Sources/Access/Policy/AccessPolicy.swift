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
        switch caller {
        case .anonymous:
            return .unauthenticated(.init(detail: "Not authenticated", challenge: challenge(operation)))
        case .refused(let refusal):
            return .unauthenticated(.init(detail: refusal.detail, challenge: challenge(operation, refusal: refusal)))
        case .known(let identity):
            guard let lack = lack(of: identity.grant, for: operation) else { return .allowed }
            return .forbidden(.init(detail: lack, challenge: insufficientScope(operation)))
        }
    }

    private func isOpen(_ operation: AccessOperation) -> Bool {
        switch operation {
        case .health, .signIn: true
        case .describe, .read: requirement != .all
        case .write: requirement == .none
        case .profile, .administer: false
        }
    }

    /// What the grant lacks for the operation, as the client is told; `nil` where it is enough.
    private func lack(of grant: Grant, for operation: AccessOperation) -> String? {
        guard let permission = operation.permission else { return nil }
        guard let role = grant.role, role.permits(permission) else {
            return "Not enough permissions: the role '\(permission.leastRole.rawValue)' is needed"
        }
        guard let collections = grant.collections else { return nil }
        switch operation {
        case .read(let collection?), .write(let collection?):
            // The name is the request's own, and it is not repeated: what the key covers is not told either.
            return collections.contains(collection) ? nil : "Not enough permissions: the key does not cover this collection"
        case .read(nil), .write(nil), .administer:
            return "Not enough permissions: the key covers some collections, and this is about all"
        case .health, .signIn, .describe, .profile:
            return nil
        }
    }

    private static let bearer = #"Bearer realm="kazi""#
    /// API keys have no registered scheme; `APIKey` is what OpenAPI-minded frameworks send.
    private static let apiKey = #"APIKey realm="kazi""#

    /// The value of `WWW-Authenticate`: RFC 9110 §11.6.1, and RFC 6750 §3 for bearer tokens.
    private func challenge(_ operation: AccessOperation, refusal: Caller.Refusal? = nil) -> String {
        var bearer = Self.bearer
        if case .badToken(let error) = refusal {
            bearer += #", error="invalid_token", error_description="\#(error.explanation)""#
        }
        // A profile is a person's: keys may ask for one too, but the contract speaks of tokens alone.
        if operation == .profile { return bearer }
        return operation == .administer ? "\(Self.apiKey), \(bearer)" : "\(bearer), \(Self.apiKey)"
    }

    private func insufficientScope(_ operation: AccessOperation) -> String {
        let scope = operation.permission.map { #", scope="\#($0.leastRole.rawValue)""# } ?? ""
        return "\(Self.bearer), error=\"insufficient_scope\"\(scope)"
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
