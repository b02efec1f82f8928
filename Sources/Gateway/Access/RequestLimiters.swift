import Access

/// The rate limits of requests: one for searches, one for other reads, one for writes.
struct RequestLimiters: Sendable {
    private let search: RateLimiter?
    private let read: RateLimiter?
    private let write: RateLimiter?

    init(_ settings: AccessSettings) {
        search = settings.searchLimit.map { RateLimiter($0) }
        read = settings.readLimit.map { RateLimiter($0) }
        write = settings.writeLimit.map { RateLimiter($0) }
    }

    /// Takes one request from the limit that it is under; `nil`: it is under none.
    ///
    /// What watches and explains the service is under none: it is cheap, and is wanted most when limits are reached.
    func take(for route: Route, by caller: Caller, address: String) -> RateLimitAnswer? {
        limiter(for: route)?.take(.client(caller, address: address), now: ContinuousClock.nanoseconds)
    }

    private func limiter(for route: Route) -> RateLimiter? {
        if route.operation.answers.contains(where: { $0.content == .hits }) { return search }
        switch route.access {
        case .public, .known, .admin: return nil
        case .write: return write
        case .read: return route.operation.tag == "service" ? nil : read
        }
    }
}

extension ContinuousClock {
    /// Nanoseconds since a fixed instant of this process.
    static var nanoseconds: Int64 { (now - start).nanoseconds }
    private static let start = now
}
