import RecordSchema

/// What a bearer token says: who, with which roles, from when to when.
public struct AccessToken: Sendable, Equatable {
    /// `sub`: 1...256 bytes.
    public let userID: String
    /// Those of the token's roles that are known here, ascending.
    public let roles: [Role]
    /// `iat`, in seconds since 1970, where the token has it.
    public let issuedAt: Int64?
    /// `exp`, in seconds since 1970.
    public let expiresAt: Int64

    static let userIDBytesRange = 1...256

    init(userID: String, roles: [Role], issuedAt: Int64?, expiresAt: Int64) {
        self.userID = userID
        self.roles = roles
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

extension AccessToken {
    /// Checks the claims of a payload whose signature is good.
    ///
    /// `exp` and `sub` are required. `iss` and `aud` may be missing, because the secret is of this service alone; where
    /// they stand, they must name it (RFC 7519 §4.1.1, §4.1.3). Unknown roles give no rights and are no error, so that a
    /// token of a later version still signs its owner in.
    ///
    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - clockSkewSeconds: How far the issuer's clock may differ from this one.
    init(claims: JSONObject, issuer: String, now: Int64, clockSkewSeconds: Int64) throws(AccessTokenError) {
        guard let expiresAt = try Self.date("exp", claims) else { throw .missingClaim("exp") }
        // RFC 7519 §4.1.4: valid strictly before `exp`.
        guard now < expiresAt + clockSkewSeconds else { throw .expired(secondsAgo: now - expiresAt) }
        let issuedAt = try Self.date("iat", claims)
        for date in [try Self.date("nbf", claims), issuedAt] {
            if let date, date > now + clockSkewSeconds { throw .notYetValid(secondsAhead: date - now) }
        }
        if let claim = claims["iss"], claim != .string(issuer) { throw .wrongIssuer }
        if let claim = claims["aud"], claim != .string(issuer), claim.arrayValue?.contains(.string(issuer)) != true {
            throw .wrongAudience
        }
        guard let subject = claims["sub"] else { throw .missingClaim("sub") }
        guard let userID = subject.stringValue, Self.userIDBytesRange.contains(userID.utf8.count),
            userID.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .badClaim("sub") }
        self.init(userID: userID, roles: try Self.roles(claims), issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// A NumericDate (RFC 7519 §2): a number of seconds, whole or not, rounded down; in a range in which sums cannot
    /// overflow.
    private static func date(_ name: String, _ claims: JSONObject) throws(AccessTokenError) -> Int64? {
        guard let claim = claims[name] else { return nil }
        let limit: Int64 = 1 << 53
        switch claim {
        case .integer(let seconds) where (0...limit).contains(seconds): return seconds
        case .number(let seconds) where (0...Double(limit)).contains(seconds): return Int64(seconds.rounded(.down))
        default: throw .badClaim(name)
        }
    }

    private static func roles(_ claims: JSONObject) throws(AccessTokenError) -> [Role] {
        guard let claim = claims["roles"] else { return [] }
        guard let names = claim.arrayValue else { throw .badClaim("roles") }
        var roles: Set<Role> = []
        for name in names {
            guard let name = name.stringValue else { throw .badClaim("roles") }
            if let role = Role(rawValue: name) { roles.insert(role) }
        }
        return roles.sorted()
    }
}
