/// A key of the store, as far as access is concerned.
public struct StoredAPIKey: Sendable, Equatable {
    public let id: Int64
    public let hash: KeyHash
    public let grant: Grant

    public init(id: Int64, hash: KeyHash, grant: Grant) {
        self.id = id
        self.hash = hash
        self.grant = grant
    }
}

/// Where keys are looked up.
public protocol APIKeyLookup: Sendable {
    /// The key with this hash; `nil` for one that is unknown or revoked. An error means that nobody knows: the request
    /// is answered as when the store is down, never as if the key were bad.
    func apiKey(hash: KeyHash) async throws -> StoredAPIKey?
}

/// Tells who a request is from by its headers.
public struct Authenticator: Sendable {
    private let staticKey: StaticKey?
    private let keys: (any APIKeyLookup)?
    private let tokens: AccessTokenAuthority?

    public init(staticKey: StaticKey? = nil, keys: (any APIKeyLookup)? = nil, tokens: AccessTokenAuthority? = nil) {
        self.staticKey = staticKey
        self.keys = keys
        self.tokens = tokens
    }

    /// The caller.
    ///
    /// A key counts before a token, and a bad key is not made good by a token beside it. A key may also come as a bearer
    /// token, for clients that can set nothing else.
    ///
    /// - Parameters:
    ///   - apiKey: The header `X-API-Key`, without white space around it; `nil` where there is none.
    ///   - authorization: The header `Authorization`, likewise.
    ///   - now: Seconds since 1970.
    /// - Throws: What the look-up throws, and nothing of its own.
    public func caller(apiKey: String?, authorization: String?, now: Int64) async throws -> Caller {
        if let apiKey { return try await caller(apiKey: apiKey) }
        guard let authorization else { return .anonymous }
        guard let token = Self.bearerToken(authorization) else { return .refused(.unsupportedScheme) }
        if token.hasPrefix(APIKey.marker) || staticKey?.matches(token) == true { return try await caller(apiKey: token) }
        guard let tokens else { return .refused(.tokensNotConfigured) }
        do throws(AccessTokenError) {
            let token = try tokens.verify(token, now: now)
            let principal = Caller.Principal.user(id: token.userID, roles: token.roles)
            return .known(.init(principal: principal, grant: Grant(roles: token.roles)))
        } catch {
            return .refused(.badToken(error))
        }
    }

    private func caller(apiKey text: String) async throws -> Caller {
        if let staticKey, staticKey.matches(text) {
            return .known(.init(principal: .staticKey, grant: Grant(role: .admin)))
        }
        let key: APIKey
        do throws(APIKeyFault) { key = try APIKey(parsing: text) } catch { return .refused(.malformedKey(error)) }
        // Compared again, in constant time: a look-up that compares loosely (by a prefix, without regard to case) lets nobody in.
        guard let stored = try await keys?.apiKey(hash: key.hash), stored.hash == key.hash else {
            return .refused(.unknownKey)
        }
        return .known(.init(principal: .apiKey(id: stored.id), grant: stored.grant))
    }

    /// `Bearer <token>`: the scheme without regard to case, one or more spaces (RFC 9110 §11.4).
    static func bearerToken(_ authorization: String) -> String? {
        let scheme = authorization.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else { return nil }
        let token = authorization.dropFirst(scheme.count).drop { $0 == " " }
        return token.isEmpty ? nil : String(token)
    }
}
