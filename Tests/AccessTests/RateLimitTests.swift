import Testing

@testable import Access

private let second: Int64 = 1_000_000_000

@Suite("Rate limits") struct RateLimitTests {
    @Test(arguments: [
        ("10/minute", 10, RateLimit.Unit.minute), ("5/second", 5, .second), ("1000/hour", 1_000, .hour),
        ("100/day", 100, .day), ("1/second", 1, .second), ("1000000/second", 1_000_000, .second),
    ])
    func `are read as they are written`(text: String, count: Int, unit: RateLimit.Unit) throws {
        let limit = try RateLimit(parsing: text, variable: "KAZI_RATE_LIMIT_SEARCH")
        #expect(limit == RateLimit(count: count, per: unit))
        #expect(limit.description == text)
    }

    @Test(arguments: [
        ("", AccessConfigurationError.RateLimitFault.form), ("10", .form), ("10/", .unit), ("/minute", .form),
        ("10/minute/day", .form), ("10 / minute", .form), ("10/minutes", .unit), ("10/Minute", .unit), ("10/min", .unit),
        ("10/minute ", .unit), ("-1/minute", .form), ("+1/minute", .form), ("1.5/second", .form), ("1e3/hour", .form),
        ("٣/minute", .form), ("0/minute", .count(1...1_000_000)), ("007/minute", .count(1...1_000_000)),
        ("1000001/second", .count(1...1_000_000)), ("99999999999999999999/second", .count(1...1_000_000)),
        ("10/minute\0", .unit),
    ])
    func `say what is wrong with them`(text: String, fault: AccessConfigurationError.RateLimitFault) {
        let error = AccessConfigurationError.rateLimit(variable: "KAZI_RATE_LIMIT_SEARCH", text, fault)
        #expect(throws: error) { try RateLimit(parsing: text, variable: "KAZI_RATE_LIMIT_SEARCH") }
        #expect(error.description.hasPrefix("KAZI_RATE_LIMIT_SEARCH is '\(text)': "))
    }

    @Test(arguments: Golden.rateLimits)
    func `answer as a token bucket in exact fractions does`(golden: Golden.Requests) throws {
        let limiter = RateLimiter(try RateLimit(parsing: golden.limit, variable: "test"))
        let client = ClientKey.user("ann")
        for request in golden.requests {
            let answer = limiter.take(client, now: request.now)
            #expect(answer.isAllowed == request.isAllowed)
            #expect(answer.remaining == request.remaining)
            #expect(answer.resetSeconds == request.reset)
            #expect(answer.retryAfterSeconds == request.retryAfter)
        }
    }

    @Test(arguments: ["10/minute", "7/minute", "3/second", "999/hour", "13/day", "1/second"], [1, 2, 3] as [UInt64])
    func `hold over every span of time`(text: String, seed: UInt64) throws {
        let limit = try RateLimit(parsing: text, variable: "test")
        var table = RateLimitTable(limit: limit, clientLimit: 8)
        var generator = SeededGenerator(seed: seed)
        var now: Int64 = 0
        var allowed: [Int64] = []
        let mean = limit.unit.seconds * second / Int64(limit.count)
        for _ in 0..<600 {
            now += Int64.random(in: 0...mean, using: &generator)
            if table.take(.user("ann"), now: now).isAllowed { allowed.append(now) }
        }
        // Between the i-th and the j-th allowed request: at most the bucket, and what ran in since.
        var worstExcess = -Double.infinity
        for first in allowed.indices {
            for last in allowed.indices[first...] {
                let span = Double(allowed[last] - allowed[first]) / Double(second)
                let most = Double(limit.count) * (1 + span / Double(limit.unit.seconds))
                worstExcess = max(worstExcess, Double(last - first + 1) - most)
            }
        }
        #expect(worstExcess <= 1e-6)
    }

    @Test(arguments: ["10/minute", "7/minute", "3/second", "999/hour", "13/day"])
    func `never stop who keeps to the steady rate`(text: String) throws {
        let limit = try RateLimit(parsing: text, variable: "test")
        var table = RateLimitTable(limit: limit, clientLimit: 1)
        let allowedCount = (0..<5_000).count {
            table.take(.user("ann"), now: Int64($0) * limit.intervalNanoseconds).isAllowed
        }
        #expect(allowedCount == 5_000)
    }

    @Test(arguments: ["10/minute", "7/minute", "1/second", "999/hour", "13/day"])
    func `the wait that they name is the least in whole seconds, and the reset is a full bucket`(text: String) throws {
        let limit = try RateLimit(parsing: text, variable: "test")
        var table = RateLimitTable(limit: limit, clientLimit: 1)
        for index in 1...limit.count {
            let answer = table.take(.user("ann"), now: 0)
            #expect(answer.isAllowed && answer.remaining == limit.count - index)
        }
        let refused = table.take(.user("ann"), now: 0)
        #expect(!refused.isAllowed && refused.remaining == 0)
        #expect(refused.retryAfterSeconds >= 1)
        #expect(!table.peek(.user("ann"), now: (refused.retryAfterSeconds - 1) * second).isAllowed)
        #expect(table.peek(.user("ann"), now: refused.retryAfterSeconds * second).isAllowed)
        #expect(table.peek(.user("ann"), now: refused.resetSeconds * second).remaining == limit.count)
        #expect(table.peek(.user("ann"), now: (refused.resetSeconds - 1) * second).remaining < limit.count)
    }

    @Test func `an answer says in headers what there is to know`() {
        let limiter = RateLimiter(RateLimit(count: 2, per: .minute))
        #expect(
            limiter.take(.user("ann"), now: 0).headers == [
                HeaderField("RateLimit-Limit", "2"), HeaderField("RateLimit-Remaining", "1"),
                HeaderField("RateLimit-Reset", "30"), HeaderField("RateLimit-Policy", "2;w=60"),
            ])
        _ = limiter.take(.user("ann"), now: 0)
        let refused = limiter.take(.user("ann"), now: 1)
        #expect(
            refused.headers == [
                HeaderField("RateLimit-Limit", "2"), HeaderField("RateLimit-Remaining", "0"),
                HeaderField("RateLimit-Reset", "60"), HeaderField("RateLimit-Policy", "2;w=60"),
                HeaderField("Retry-After", "30"),
            ])
        #expect(refused.detail == "Rate limit exceeded: 2/minute. Try again in 30 s.")
    }

    @Test func `are one bucket for each client`() {
        let limiter = RateLimiter(RateLimit(count: 1, per: .day))
        #expect(limiter.take(.user("ann"), now: 0).isAllowed)
        #expect(limiter.take(.user("ben"), now: 0).isAllowed)
        #expect(!limiter.take(.user("ann"), now: 0).isAllowed)
    }

    @Test func `a clock that goes back fills no bucket and breaks nothing`() {
        let limiter = RateLimiter(RateLimit(count: 1, per: .minute))
        #expect(limiter.take(.user("ann"), now: 1_000 * second).isAllowed)
        let refused = limiter.take(.user("ann"), now: 0)
        #expect(!refused.isAllowed && refused.remaining == 0)
        #expect((1...60).contains(refused.retryAfterSeconds))
    }

    @Test func `memory is bounded, and who was heard of last is remembered`() {
        let limiter = RateLimiter(RateLimit(count: 1, per: .day), clientLimit: 1_000)
        for index in 0..<20_000 {
            _ = limiter.take(.user("attacker \(index)"), now: 0)
            // One that keeps knocking stays known, however many others pass.
            if index % 500 == 0 { #expect(limiter.take(.user("ann"), now: 0).isAllowed == (index == 0)) }
        }
        #expect(limiter.clientCount == 1_000)
        #expect(!limiter.take(.user("attacker 19999"), now: 0).isAllowed)
        #expect(limiter.take(.user("attacker 0"), now: 0).isAllowed)
    }

    @Test func `hold when many take at once`() async {
        let limiter = RateLimiter(RateLimit(count: 500, per: .day))
        let allowedCount = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<200).count { _ in limiter.take(.user("ann"), now: 0).isAllowed } }
            }
            return await group.reduce(0, +)
        }
        #expect(allowedCount == 500)
    }
}

@Suite("The recency table") struct RecencyTableTests {
    @Test(arguments: [1, 2, 3, 7, 64], [1, 2] as [UInt64])
    func `agrees with a list that is searched from end to end`(capacity: Int, seed: UInt64) {
        var table = RecencyTable<Int>(capacity: capacity)
        // Oldest first.
        var model: [(key: Int, value: Int64)] = []
        var generator = SeededGenerator(seed: seed)
        for value in 0..<3_000 {
            let key = Int.random(in: 0..<(capacity * 2), using: &generator)
            #expect(table.value(of: key) == model.first { $0.key == key }?.value)
            guard Bool.random(using: &generator) else { continue }
            table.set(key, Int64(value))
            model.removeAll { $0.key == key }
            model.append((key, Int64(value)))
            if model.count > capacity { model.removeFirst() }
            #expect(table.count == model.count)
        }
    }
}

@Suite("The sign-in limiter") struct SignInLimiterTests {
    private let limiter = SignInLimiter(RateLimit(count: 3, per: .minute), clientLimit: 100)

    @Test func `stops one address that tries many names`() {
        for index in 0..<3 { #expect(limiter.take(address: "203.0.113.9", userName: "user \(index)", now: 0).isAllowed) }
        let refused = limiter.take(address: "203.0.113.9", userName: "user 3", now: 0)
        #expect(!refused.isAllowed && refused.retryAfterSeconds == 20)
        // The name that was refused is not charged: its owner, from elsewhere, has all three attempts.
        for index in 0..<3 { #expect(limiter.take(address: "198.51.100.\(index)", userName: "user 3", now: 0).isAllowed) }
    }

    @Test func `stops many addresses that try one name`() {
        for index in 0..<3 { #expect(limiter.take(address: "203.0.113.\(index)", userName: "ann", now: 0).isAllowed) }
        #expect(!limiter.take(address: "198.51.100.1", userName: "ann", now: 0).isAllowed)
        #expect(limiter.take(address: "198.51.100.1", userName: "ben", now: 0).remaining == 2)
    }

    @Test func `the addresses of one subscriber are one`() {
        for index in 0..<3 { #expect(limiter.take(address: "2001:db8::\(index)", userName: "u\(index)", now: 0).isAllowed) }
        #expect(!limiter.take(address: "2001:db8::ffff:1", userName: "u", now: 0).isAllowed)
        #expect(limiter.take(address: "2001:db8:0:1::", userName: "u", now: 0).isAllowed)
    }

    @Test func `answers with the longer wait and with what is left of the scarcer one`() {
        _ = limiter.take(address: "203.0.113.1", userName: "ann", now: 0)
        #expect(limiter.take(address: "203.0.113.2", userName: "ann", now: 0).remaining == 1)
        for index in 0..<2 { _ = limiter.take(address: "203.0.113.1", userName: "user \(index)", now: 0) }
        _ = limiter.take(address: "203.0.113.3", userName: "ann", now: 10 * second)
        let refused = limiter.take(address: "203.0.113.1", userName: "ann", now: 10 * second)
        #expect(!refused.isAllowed && refused.retryAfterSeconds == 10)
    }
}
