public import Access

/// Who may use the gateway, and how often. Secrets come from the environment alone: arguments can be read by every user of
/// the machine.
public struct AccessSettings: Sendable {
    /// `KAZI_API_KEY`: a key with the role `admin` that is not in the store.
    public var staticKey: StaticKey?
    /// `nil`: `/auth/token` answers 503, and no bearer tokens are accepted.
    public var tokens: AccessTokenAuthority?
    public var tokenLifetime = Duration.seconds(3_600)
    public var requirement = AccessPolicy.Requirement.none
    public var crossOrigin = CrossOriginPolicy.none
    /// Whose word is taken for the client's address.
    public var trustedProxies = TrustedProxies.none
    /// Per key, else per address; `nil`: no limit.
    public var searchLimit: RateLimit?
    public var readLimit: RateLimit?
    public var writeLimit: RateLimit?
    /// Attempts to sign in, for each address and for each name.
    public var signInLimit = SignInLimiter.standard

    public init() {}
}
