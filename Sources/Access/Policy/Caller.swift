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
        case apiKey(id: Int64)
        /// A person, by a bearer token.
        case user(id: String, roles: [Role])
    }

    /// What is wrong with the credentials, as far as the client is told.
    public enum Refusal: Sendable, Equatable {
        /// Unknown, or revoked: the client cannot tell which.
        case unknownKey
        /// No key of any kind; a typing error, most likely.
        case malformedKey(APIKeyFault)
        case badToken(AccessTokenError)
        /// `Authorization` with another scheme than `Bearer`, or without a token.
        case unsupportedScheme
        /// A bearer token, and no secret is configured to check it with.
        case tokensNotConfigured
    }
}

extension Caller {
    /// What the client is told; the same words for everything that only an attacker would like to tell apart.
    var detail: String {
        switch self {
        case .anonymous: "Not authenticated"
        case .known: "Not enough permissions"
        case .refused(.unknownKey), .refused(.malformedKey(.foreign)): "Invalid API key"
        case .refused(.malformedKey): "Invalid API key: it is mistyped or cut short"
        case .refused(.badToken(.expired)): "The token has expired"
        case .refused(.badToken(.notYetValid)): "The token is not valid yet"
        case .refused(.badToken): "Could not validate credentials"
        case .refused(.unsupportedScheme): "Invalid authentication credentials"
        case .refused(.tokensNotConfigured): "Bearer tokens are not accepted: KAZI_JWT_SECRET is not set"
        }
    }
}
