/// Exchanges a user's name and password for a token: what stands behind `/auth/token`.
public struct SignIn: Sendable {
    private let store: any AccessStore
    private let passwords: PasswordVerifier
    private let tokens: AccessTokenAuthority
    private let limiter: SignInLimiter
    private let tokenLifetime: Duration

    /// - Parameter tokenLifetime: 1 s or more; whole seconds count.
    public init(
        store: any AccessStore, passwords: PasswordVerifier, tokens: AccessTokenAuthority,
        limiter: SignInLimiter = SignInLimiter(), tokenLifetime: Duration = .seconds(3_600)
    ) {
        precondition(tokenLifetime >= .seconds(1), "a token lives for a second at least")
        self.store = store
        self.passwords = passwords
        self.tokens = tokens
        self.limiter = limiter
        self.tokenLifetime = tokenLifetime
    }

    /// What a sign-in comes to.
    public enum Answer: Sendable, Equatable {
        /// 200.
        case token(Token)
        /// 401. The same for a user that does not exist, one that is disabled, and a wrong password, and after the same work.
        case refused(AccessDenial)
        /// 429.
        case limited(RateLimitAnswer)
        /// 503: as many passwords as allowed are being checked.
        case busy(retryAfter: Duration)
    }

    public struct Token: Sendable, Equatable {
        /// `access_token`. A secret.
        public let text: String
        /// `expires_in`.
        public let lifetimeSeconds: Int64
        public let userID: String
        /// Whether the stored hash was made at another cost than new ones are: the moment to make it anew, while the
        /// password is at hand (`PasswordVerifier.hash`).
        public let needsRehash: Bool
    }

    /// - Parameters:
    ///   - address: The client's, as text.
    ///   - now: Seconds since 1970.
    ///   - instant: Nanoseconds since any fixed instant, from a clock that nobody sets.
    /// - Throws: What the store throws; `PasswordError.outOfMemory`; `AccessTokenError.badClaim` for a stored user whose id no
    ///   token can carry. All of them are this side's fault.
    public func answer(
        name: String, password: String, address: String, now: Int64, instant: Int64
    ) async throws -> Answer {
        let limit = limiter.take(address: address, userName: name, now: instant)
        guard limit.isAllowed else { return .limited(limit) }
        // A name that nobody can have is not looked up; the work that follows is the same.
        let isName = AccessNameFault.nameBytesRange.contains(name.utf8.count) && !name.utf8.contains(0)
        let user = isName ? try await store.user(name: name).flatMap { $0.name.utf8.elementsEqual(name.utf8) ? $0 : nil } : nil
        let matches: Bool
        do throws(PasswordError) {
            matches = try await passwords.verify(password, against: user?.passwordHash)
        } catch {
            guard case .busy(let retryAfter) = error else { throw error }
            return .busy(retryAfter: retryAfter)
        }
        guard matches, let user, !user.isDisabled else { return .refused(Self.denial) }
        let text = try tokens.issue(userID: user.id, roles: Array(user.roles), lifetime: tokenLifetime, now: now)
        return .token(
            Token(
                text: text, lifetimeSeconds: tokenLifetime.components.seconds, userID: user.id,
                needsRehash: passwords.wantsRehash(user.passwordHash)))
    }

    /// The body's `detail` of 503 where there is no secret to sign tokens with.
    public static let notConfiguredDetail = "Signing in is not configured: KAZI_JWT_SECRET is not set"
    static let denial = AccessDenial(detail: "Incorrect username or password", challenge: #"Bearer realm="kazi""#)
}

extension SignIn.Token: CustomStringConvertible, CustomReflectable {
    /// Without the token, which does not belong in logs.
    public var description: String { "token of \(userID) for \(lifetimeSeconds) s" }
    public var customMirror: Mirror { Mirror(self, children: [("userID", userID)]) }
}
