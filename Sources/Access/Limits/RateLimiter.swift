import NIOConcurrencyHelpers

/// One rate limit, kept for each client; shared by all requests of the kind that it limits.
///
/// Its memory is bounded by `clientLimit`, about 100 bytes a client. The lock is held for one look-up and one store.
public final class RateLimiter: Sendable {
    /// 6 MiB or so, and more clients than a gateway of this kind serves in a day.
    public static let standardClientLimit = 65_536

    private let table: NIOLockedValueBox<RateLimitTable>

    /// - Parameter clientLimit: How many clients are remembered, 1 or more; beyond them the one not heard of for longest is
    ///   forgotten, and would begin anew.
    public init(_ limit: RateLimit, clientLimit: Int = standardClientLimit) {
        table = NIOLockedValueBox(RateLimitTable(limit: limit, clientLimit: clientLimit))
    }

    public var limit: RateLimit { table.withLockedValue { $0.limit } }

    /// How many clients are remembered, those whose bucket is full again included.
    public var clientCount: Int { table.withLockedValue { $0.clientCount } }

    /// Takes one request of `client`, if one is left. A refused request costs nothing.
    ///
    /// - Parameter now: Nanoseconds since any fixed instant, from a clock that nobody sets.
    public func take(_ client: ClientKey, now: Int64) -> RateLimitAnswer {
        table.withLockedValue { $0.take(client, now: now) }
    }
}
