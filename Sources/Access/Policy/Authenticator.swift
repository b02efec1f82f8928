/// Tells who a request is from by its headers.
public struct Authenticator: Sendable {
    private let staticKey: StaticKey?
    private let store: (any AccessStore)?
    private let tokens: AccessTokenAuthority?
    private let users: UserStandings?

    public init(staticKey: StaticKey? = nil, store: (any AccessStore)? = nil, tokens: AccessTokenAuthority? = nil) {
        self.staticKey = staticKey
        self.store = store
        self.tokens = tokens
        users = store.map { UserStandings(store: $0) }
    }

    /// The caller.
    ///
    /// A key counts before a token, and a bad key is not made good by a token beside it. A key may also come as a bearer
    /// token, for clients that can set nothing else.
    ///
    /// - Parameters:
    ///   - apiKey: The value of `X-API-Key`, without white space around it; `nil` where there is none.
    ///   - authorization: The header `Authorization`, likewise.
    ///   - now: Seconds since 1970.
    ///   - instant: Nanoseconds since any fixed instant, from a clock that nobody sets.
    /// - Throws: What the look-up throws, and nothing of its own.
    public func caller(apiKey: String?, authorization: String?, now: Int64, instant: Int64) async throws -> Caller {
        if let apiKey { return try await caller(apiKey: apiKey, now: now) }
        guard let authorization else { return .anonymous }
        guard let token = Self.bearerToken(authorization) else { return .refused(.unsupportedScheme) }
        if token.hasPrefix(APIKey.marker) || staticKey?.matches(token) == true {
            return try await caller(apiKey: token, now: now)
        }
        guard let tokens else { return .refused(.tokensNotConfigured) }
        let verified: AccessToken
        do throws(AccessTokenError) { verified = try tokens.verify(token, now: now) } catch { return .refused(.badToken(error)) }
        return try await caller(verified, instant: instant)
    }

    /// A good token's user, who must still be there, with the roles that the token brings, none of them above the highest that
    /// the user still has.
    private func caller(_ token: AccessToken, instant: Int64) async throws -> Caller {
        var roles = token.roles
        if let users {
            guard let standing = try await users.standing(of: token.userID, instant: instant),
                token.issuedAt.map({ $0 >= standing.createdAt }) ?? true
            else { return .refused(.badToken(.userGone)) }
            guard !standing.isDisabled else { return .refused(.badToken(.userDisabled)) }
            roles = standing.roles.max().map { highest in Set(roles.map { min($0, highest) }).sorted() } ?? []
        }
        return .known(.init(principal: .user(id: token.userID, roles: roles), grant: Grant(roles: roles)))
    }

    private func caller(apiKey text: String, now: Int64) async throws -> Caller {
        if let staticKey, staticKey.matches(text) {
            return .known(.init(principal: .staticKey, grant: Grant(role: .admin)))
        }
        let key: APIKey
        do throws(APIKeyFault) { key = try APIKey(parsing: text) } catch { return .refused(.malformedKey(error)) }
        // How long the look-up takes tells nothing: the id is no secret, and nobody can choose a key by its hash. What
        // counts is compared here, in constant time: the hash of the whole.
        guard let stored = try await store?.apiKey(id: key.id, hash: key.hash), stored.hash == key.hash else {
            return .refused(.unknownKey)
        }
        // Only who holds the key learns that it was one.
        guard stored.revokedAt == nil else { return .refused(.revokedKey(id: stored.id)) }
        if let expiresAt = stored.expiresAt, now >= expiresAt { return .refused(.expiredKey(id: stored.id)) }
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
