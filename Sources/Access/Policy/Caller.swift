/// Who a request is from.
public enum Caller: Sendable, Equatable {
    /// No credentials were presented.
    case anonymous
    case known(Identity)
    /// Credentials were presented, and they are no good.
    case refused(Refusal)

    public struct Identity: Sendable, Equatable {
        public let principal: Principal
        public let grant: Grant

        public init(principal: Principal, grant: Grant) {
            self.principal = principal
            self.grant = grant
        }
    }

    public enum Principal: Sendable, Equatable {
        /// `KAZI_API_KEY`.
        case staticKey
        /// A key of the store, by its id.
        case apiKey(id: String)
        /// A person, by a bearer token.
        case user(id: String, roles: [Role])
    }

    /// What is wrong with the credentials, as far as the client is told.
    public enum Refusal: Sendable, Equatable {
        /// No key has this id, or its secret is another one: the client cannot tell which.
        case unknownKey
        case revokedKey(id: String)
        case expiredKey(id: String)
        /// No key of any kind; a typing error, most likely.
        case malformedKey(APIKeyFault)
        case badToken(AccessTokenError)
        /// `Authorization` with another scheme than `Bearer`, or without a token.
        case unsupportedScheme
        /// A bearer token, and no secret is configured to check it with.
        case tokensNotConfigured
    }
}

extension Caller.Refusal {
    /// What the client is told. Whether a key's id exists is not in it; what is wrong with a token is, because it was computed
    /// from what the client sent and helps nobody to forge one.
    public var detail: String {
        switch self {
        case .unknownKey, .malformedKey(.foreign): "Invalid API key"
        case .malformedKey: "Invalid API key: it is mistyped or cut short"
        case .revokedKey: "The API key was revoked"
        case .expiredKey: "The API key has expired"
        case .badToken(let error): "Could not validate credentials: \(error.explanation)"
        case .unsupportedScheme: "Invalid authentication credentials: the Authorization header is no Bearer token"
        case .tokensNotConfigured: "Bearer tokens are not accepted: KAZI_JWT_SECRET is not set"
        }
    }
}
