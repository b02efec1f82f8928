import Access
import RecordStore
import ServiceRuntime

extension GatewayStart {
    /// What stands between requests and routes, and the sign-in.
    static func access(
        _ settings: AccessSettings, _ store: RecordStore, defaultCollection: String?
    ) -> (control: AccessControl, signIn: SignIn?) {
        let accounts = AccountStore(accounts: store.accounts)
        let control = AccessControl(
            authenticator: Authenticator(staticKey: settings.staticKey, store: accounts, tokens: settings.tokens),
            policy: AccessPolicy(requirement: settings.requirement), limiters: RequestLimiters(settings),
            defaultCollection: defaultCollection)
        let signIn = settings.tokens.map { tokens in
            SignIn(
                store: accounts, passwords: PasswordVerifier(), tokens: tokens,
                limiter: SignInLimiter(settings.signInLimit), tokenLifetime: settings.tokenLifetime)
        }
        return (control, signIn)
    }

    /// Refuses to be reached by other machines as long as nothing keeps them from anything.
    static func checkListening(_ settings: GatewaySettings, _ store: RecordStore) async throws(StartFailure) {
        do {
            let now = WallClock.microseconds()
            let hasKeys: Bool
            if settings.access.staticKey != nil {
                hasKeys = true
            } else {
                let keys = try await store.accounts.keys()
                let users = settings.access.tokens == nil ? [] : try await store.accounts.users()
                hasKeys = keys.contains { $0.isUsable(at: now) } || users.contains { $0.disabledAt == nil }
            }
            try ListenPolicy.check(host: settings.host, hasKeys: hasKeys)
        } catch {
            throw StartFailure("\(error)")
        }
        guard !ListenPolicy.isLoopback(settings.host), settings.access.requirement == .none else { return }
        throw StartFailure(
            "--host \(settings.host) lets other machines in, and KAZI_REQUIRE_AUTH is none, so that they need no key: say writes or all")
    }
}
