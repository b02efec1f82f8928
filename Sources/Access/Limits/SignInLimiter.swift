import NIOConcurrencyHelpers

/// Limits attempts to sign in, for each address and for each user name: the first stops one machine that tries many names,
/// the second many machines that try one.
///
/// The limit on names lets an attacker keep a person from signing in, for as long as the attack lasts; tokens and keys
/// that were issued before go on working. The other choice would be to let a thousand machines guess at one password.
public final class SignInLimiter: Sendable {
    /// For people who mistype, and for little else.
    public static let standard = RateLimit(count: 10, per: .minute)

    private struct Tables {
        var addresses: RateLimitTable
        var names: RateLimitTable
    }

    private let tables: NIOLockedValueBox<Tables>

    /// - Parameter clientLimit: How many addresses are remembered, and as many names; 1 or more.
    public init(
        _ limit: RateLimit = standard, clientLimit: Int = RateLimiter.standardClientLimit
    ) {
        let table = RateLimitTable(limit: limit, clientLimit: clientLimit)
        tables = NIOLockedValueBox(Tables(addresses: table, names: table))
    }

    /// Takes one attempt from both, if both have one left; else from neither. The answer is that of the stricter one.
    ///
    /// - Parameters:
    ///   - address: The client's, as text.
    ///   - userName: As it was typed, whether there is such a user or not.
    ///   - now: Nanoseconds since any fixed instant, from a clock that nobody sets.
    public func take(address: String, userName: String, now: Int64) -> RateLimitAnswer {
        let address = ClientKey.address(address)
        let name = ClientKey.user(userName)
        return tables.withLockedValue { tables in
            let addressAllows = tables.addresses.peek(address, now: now).isAllowed
            let nameAllows = tables.names.peek(name, now: now).isAllowed
            // Taking from an empty bucket costs nothing and says how long to wait; from the other one nothing is taken then.
            switch (addressAllows, nameAllows) {
            case (false, true): return tables.addresses.take(address, now: now)
            case (true, false): return tables.names.take(name, now: now)
            case (false, false), (true, true):
                let byAddress = tables.addresses.take(address, now: now)
                let byName = tables.names.take(name, now: now)
                return Self.stricter(byAddress, byName)
            }
        }
    }

    private static func stricter(_ left: RateLimitAnswer, _ right: RateLimitAnswer) -> RateLimitAnswer {
        if left.retryAfterSeconds != right.retryAfterSeconds {
            return left.retryAfterSeconds > right.retryAfterSeconds ? left : right
        }
        return left.remaining <= right.remaining ? left : right
    }
}
