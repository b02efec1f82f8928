/// The generic cell rate algorithm for many clients: a token bucket that needs one instant a client.
///
/// A client may send `limit.count` requests at once and one more each `limit.unit / limit.count`; within any span of time w
/// that is at most `count × (1 + w / unit)`, and never more than `count` at once. The instant that is kept is the
/// "theoretical arrival time" of ITU-T I.371, annex A: when the bucket will be full again.
///
/// The table is bounded. Where it is full, the client that was not heard of for longest is forgotten and would begin anew:
/// whoever has more addresses than the table has places is not stopped by a limit per address anyhow.
struct RateLimitTable {
    let limit: RateLimit
    private let interval: Int64
    private let burst: Int64
    private var places: RecencyTable<ClientKey>

    /// - Parameter clientLimit: How many clients are remembered, 1 or more.
    init(limit: RateLimit, clientLimit: Int) {
        self.limit = limit
        interval = limit.intervalNanoseconds
        burst = interval * Int64(limit.count)
        places = RecencyTable(capacity: clientLimit)
    }

    var clientCount: Int { places.count }

    /// Takes one request of `client`, if one is left. A refused request costs nothing.
    ///
    /// - Parameter now: Nanoseconds since any fixed instant. One that lies before an earlier one is taken for that: the
    ///   bucket does not fill.
    mutating func take(_ client: ClientKey, now: Int64) -> RateLimitAnswer {
        let fullAt = max(places.value(of: client) ?? now, now)
        let next = fullAt + interval
        guard next - now <= burst else {
            // It is remembered as recently seen, so that who keeps knocking does not get forgotten by it.
            places.set(client, fullAt)
            return answer(fullAt: fullAt, now: now, isAllowed: false)
        }
        places.set(client, next)
        return answer(fullAt: next, now: now, isAllowed: true)
    }

    /// What `take` would say, without taking.
    func peek(_ client: ClientKey, now: Int64) -> RateLimitAnswer {
        let fullAt = max(places.value(of: client) ?? now, now)
        return answer(fullAt: fullAt, now: now, isAllowed: fullAt + interval - now <= burst)
    }

    /// - Parameter fullAt: After what was taken.
    private func answer(fullAt: Int64, now: Int64, isAllowed: Bool) -> RateLimitAnswer {
        // At most `burst` ahead, unless the caller's clock went back: then nothing is left, and the wait is a full one.
        let owed = min(fullAt - now, burst)
        let remaining = (burst - owed) / interval
        return RateLimitAnswer(
            isAllowed: isAllowed, limit: limit, remaining: Int(remaining), resetSeconds: Self.seconds(owed),
            retryAfterSeconds: remaining > 0 ? 0 : Self.seconds(owed + interval - burst))
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}
