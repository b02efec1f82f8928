import Access
import ArgumentParser
import Foundation
import Gateway
import ServiceRuntime

/// Who may use the gateway. Keys and secrets come by variable alone, since every user of a machine can read arguments.
struct AccessFlags: ParsableArguments {
    @Option(
        help: "none, writes or all: what wants a key or a token (KAZI_REQUIRE_AUTH, default none). KAZI_API_KEY is an admin key, KAZI_JWT_SECRET signs tokens, KAZI_JWT_SECRET_PREVIOUS still verifies.")
    var requireAuth: String?

    @Option(help: "Seconds that a token lives (KAZI_TOKEN_LIFETIME, default 3600).")
    var tokenLifetime: Int?

    @Option(help: "Searches of one key or address, as 10/minute (KAZI_RATE_LIMIT_SEARCH, default no limit).")
    var rateLimitSearch: String?

    @Option(help: "Other reads, likewise (KAZI_RATE_LIMIT_READ).")
    var rateLimitRead: String?

    @Option(help: "Writes, likewise (KAZI_RATE_LIMIT_WRITE).")
    var rateLimitWrite: String?

    @Option(help: "Attempts to sign in, per address and per name (KAZI_RATE_LIMIT_SIGN_IN, default 10/minute).")
    var rateLimitSignIn: String?

    @Option(help: "Addresses and ranges of proxies whose X-Forwarded-For or Forwarded tells the client's address, with commas (KAZI_TRUSTED_PROXIES, default none).")
    var trustedProxies: String?

    @Option(help: "Origins whose pages may read answers, with commas; * for all (KAZI_CORS_ORIGINS, default none).")
    var corsOrigins: String?

    @Flag(help: "Pages of those origins may send cookies along (KAZI_CORS_CREDENTIALS).")
    var corsCredentials = false

    /// - Throws: `ValidationError` with the line that tells what is wrong.
    func settings() throws -> AccessSettings {
        do {
            return try checkedSettings()
        } catch let error as AccessConfigurationError {
            throw ValidationError("\(error)")
        }
    }

    private func checkedSettings() throws -> AccessSettings {
        let environment = ProcessInfo.processInfo.environment
        var settings = AccessSettings()
        if let key = environment["KAZI_API_KEY"], !key.isEmpty { settings.staticKey = try StaticKey(key) }
        settings.tokens = try AccessTokenAuthority(
            secret: environment["KAZI_JWT_SECRET"], previousSecret: environment["KAZI_JWT_SECRET_PREVIOUS"])
        if let requirement = try EnvironmentSetting.optional(requireAuth, "KAZI_REQUIRE_AUTH") {
            settings.requirement = try AccessPolicy.Requirement(parsing: requirement)
        }
        let lifetime = try EnvironmentSetting.value(tokenLifetime, "KAZI_TOKEN_LIFETIME", default: 3_600)
        guard (1...2_592_000).contains(lifetime) else {
            throw ValidationError("--token-lifetime takes 1 to 2592000, not \(lifetime)")
        }
        settings.tokenLifetime = .seconds(lifetime)
        settings.searchLimit = try limit(rateLimitSearch, "KAZI_RATE_LIMIT_SEARCH")
        settings.readLimit = try limit(rateLimitRead, "KAZI_RATE_LIMIT_READ")
        settings.writeLimit = try limit(rateLimitWrite, "KAZI_RATE_LIMIT_WRITE")
        if let limit = try limit(rateLimitSignIn, "KAZI_RATE_LIMIT_SIGN_IN") { settings.signInLimit = limit }
        settings.trustedProxies = try TrustedProxies(
            parsing: try EnvironmentSetting.value(trustedProxies, "KAZI_TRUSTED_PROXIES", default: ""))
        settings.crossOrigin = try CrossOriginPolicy(
            parsing: try EnvironmentSetting.value(corsOrigins, "KAZI_CORS_ORIGINS", default: ""),
            allowsCredentials: try EnvironmentSetting.isOn(corsCredentials, "KAZI_CORS_CREDENTIALS"))
        return settings
    }

    private func limit(_ flag: String?, _ variable: String) throws -> RateLimit? {
        try EnvironmentSetting.optional(flag, variable).map { try RateLimit(parsing: $0, variable: variable) }
    }
}
