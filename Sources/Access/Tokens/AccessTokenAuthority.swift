import RecordSchema

/// Issues and verifies access tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256, and with nothing else.
///
/// Ours and not a library's, because what has to be strict is the parsing before the signature: the algorithm is pinned
/// instead of looked up, a header member that is not understood is refused (RFC 7515 §4.1.11 demands it for `crit`), names
/// that stand twice and base64 with spare bits are errors. General libraries are lenient there and bring X.509 and every other
/// algorithm along. The cryptography is swift-crypto's.
///
/// Several secrets may be valid at once: the first signs, all verify, and a token's `kid` names its own. A new one is rolled
/// out by putting it first; when the last token of an old one has expired, the old one goes.
public struct AccessTokenAuthority: Sendable {
    public static let tokenLimitBytes = 8192
    public static let issuer = "kazi"
    private static let signatureBytes = 32

    /// One for each deployment that may be halfway through a rotation, and some to spare. A token without `kid` is tried with
    /// each.
    public static let secretLimit = 4
    public static let clockSkewRange: ClosedRange<Duration> = .zero ... .seconds(300)

    /// 1 to `secretLimit`; the first one signs.
    private let secrets: [TokenSecret]
    private let clockSkewSeconds: Int64

    /// - Parameters:
    ///   - secrets: 1 to `secretLimit`, no two alike; the first one signs, all verify.
    ///   - clockSkew: How far other machines' clocks may differ from this one, within `clockSkewRange`; whole seconds count.
    public init(
        secrets: [TokenSecret], clockSkew: Duration = .seconds(30)
    ) throws(AccessConfigurationError) {
        precondition(Self.clockSkewRange.contains(clockSkew), "a clock skew is 0 to 300 seconds")
        guard (1...Self.secretLimit).contains(secrets.count) else {
            throw .secretCount(secrets.count, range: 1...Self.secretLimit)
        }
        guard Set(secrets.map(\.id)).count == secrets.count else { throw .secretsAreEqual }
        self.secrets = secrets
        clockSkewSeconds = clockSkew.components.seconds
    }

    /// Reads `KAZI_JWT_SECRET`, which signs, and `KAZI_JWT_SECRET_PREVIOUS`, which only verifies; `nil` where neither is
    /// set, and no tokens are then issued or accepted. An empty variable counts as unset.
    public init?(
        secret: String?, previousSecret: String?, clockSkew: Duration = .seconds(30)
    ) throws(AccessConfigurationError) {
        let previousSecret = previousSecret.flatMap { $0.isEmpty ? nil : $0 }
        guard let secret, !secret.isEmpty else {
            guard previousSecret == nil else { throw .previousSecretWithoutCurrent }
            return nil
        }
        var secrets = [try TokenSecret(secret, variable: "KAZI_JWT_SECRET")]
        if let previousSecret { secrets.append(try TokenSecret(previousSecret, variable: "KAZI_JWT_SECRET_PREVIOUS")) }
        try self.init(secrets: secrets, clockSkew: clockSkew)
    }

    /// Signs a new token with the first secret.
    ///
    /// - Parameters:
    ///   - userID: 1...256 bytes without control characters.
    ///   - lifetime: Whole seconds count, 1 s or more.
    ///   - now: Seconds since 1970.
    /// - Throws: `AccessTokenError.badClaim` for a `userID` that no verification would accept.
    public func issue(
        userID: String, roles: [Role], lifetime: Duration, now: Int64
    ) throws(AccessTokenError) -> String {
        let secret = secrets[0]
        precondition(lifetime >= .seconds(1), "a token lives for a second at least")
        let header: JSONObject = ["alg": "HS256", "typ": "JWT", "kid": .string(secret.id)]
        let payload: JSONObject = [
            "iss": .string(Self.issuer), "sub": .string(userID),
            "roles": .array(Set(roles).sorted().map { .string($0.rawValue) }),
            "iat": .integer(now), "nbf": .integer(now), "exp": .integer(now + lifetime.components.seconds),
        ]
        // What is issued is what would be accepted.
        _ = try AccessToken(claims: payload, issuer: Self.issuer, now: now, clockSkewSeconds: 0)
        var token: [UInt8] = Base64.url.encode(header.serialized())
        token.append(UInt8(ascii: "."))
        token += Base64.url.encode(payload.serialized()) as [UInt8]
        let signature: [UInt8] = Base64.url.encode(secret.signature(of: token))
        token.append(UInt8(ascii: "."))
        return String(decoding: token + signature, as: UTF8.self)
    }

    /// What the token says, if it is one of ours and valid now.
    ///
    /// The payload is parsed after its signature was found good, never before.
    ///
    /// - Parameter now: Seconds since 1970.
    /// - Complexity: O(token bytes), at most `tokenLimitBytes`.
    public func verify(_ token: String, now: Int64) throws(AccessTokenError) -> AccessToken {
        let tokenBytes = token.utf8.count
        guard tokenBytes <= Self.tokenLimitBytes else {
            throw .tooLarge(tokenBytes: tokenBytes, limitBytes: Self.tokenLimitBytes)
        }
        let parts = Array(token.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        let candidates = try self.secrets(for: TokenObject.read(parts[0], part: .header))
        guard let signature = Base64.url.decode(parts[2]) else { throw .malformedPart(.signature) }
        guard signature.count == Self.signatureBytes else { throw .badSignature }
        let signed = token.utf8.prefix(parts[0].count + 1 + parts[1].count)
        guard candidates.contains(where: { $0.isSignature(signature, of: signed) }) else { throw .badSignature }
        return try AccessToken(
            claims: TokenObject.read(parts[1], part: .payload), issuer: Self.issuer, now: now,
            clockSkewSeconds: clockSkewSeconds)
    }

    /// The secrets that may have signed a token with this header: the one it names, or all where it names none.
    private func secrets(for header: JSONObject) throws(AccessTokenError) -> [TokenSecret] {
        guard header["alg"] == "HS256" else { throw .wrongAlgorithm }
        guard header.members.allSatisfy({ ["alg", "typ", "kid"].contains($0.key) }) else { throw .unsupportedHeader }
        // RFC 7519 §5.1: `JWT` in capitals is recommended; media types are compared without regard to case.
        if let type = header["typ"], type.stringValue?.lowercased() != "jwt" { throw .unsupportedHeader }
        guard let id = header["kid"] else { return secrets }
        let named = secrets.filter { .string($0.id) == id }
        guard !named.isEmpty else { throw .unknownSecret }
        return named
    }
}
