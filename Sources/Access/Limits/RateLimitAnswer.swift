/// What a rate limiter says about one request.
public struct RateLimitAnswer: Sendable, Equatable {
    public let isAllowed: Bool
    public let limit: RateLimit
    /// How many more would be allowed right now, 0...`limit.count - 1` after an allowed request.
    public let remaining: Int
    /// Until as many as `limit.count` are allowed at once again, rounded up.
    public let resetSeconds: Int64
    /// Until one more is allowed, rounded up; 0 where one is allowed right now.
    public let retryAfterSeconds: Int64

    /// What to send with the answer, an allowed one too: the fields of draft-ietf-httpapi-ratelimit-headers-06, and for
    /// a refused request `Retry-After` (RFC 9110 §10.2.3).
    public var headers: [HeaderField] {
        var headers = [
            HeaderField("RateLimit-Limit", "\(limit.count)"),
            HeaderField("RateLimit-Remaining", "\(remaining)"),
            HeaderField("RateLimit-Reset", "\(resetSeconds)"),
            HeaderField("RateLimit-Policy", "\(limit.count);w=\(limit.unit.seconds)"),
        ]
        if !isAllowed { headers.append(HeaderField("Retry-After", "\(retryAfterSeconds)")) }
        return headers
    }

    /// The body's `detail` of a refused request.
    public var detail: String { "Rate limit exceeded: \(limit). Try again in \(retryAfterSeconds) s." }
}
