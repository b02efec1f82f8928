/// What may be sent beyond first attempts: each first attempt pays a part of a token, time pays a few, and each retry or
/// hedge costs one. When everything is slow or failing, retries add a bounded share to the load in place of doubling it.
struct RetryBudget: Sendable {
    private let ratio: Double
    private let reservePerSecond: Double
    private let tokenCountMax: Double
    private var tokenCount: Double
    private var filledAt: ClusterInstant

    init(_ configuration: ClusterConfiguration, startedAt: ClusterInstant) {
        ratio = configuration.retryRatio
        reservePerSecond = configuration.retryReservePerSecond
        tokenCountMax = configuration.retryTokenCountMax
        tokenCount = min(reservePerSecond, tokenCountMax)
        filledAt = startedAt
    }

    mutating func depositForFirstAttempt() {
        tokenCount = min(tokenCount + ratio, tokenCountMax)
    }

    mutating func take(at now: ClusterInstant) -> Bool {
        tokenCount = tokens(at: now)
        filledAt = max(filledAt, now)
        guard tokenCount >= 1 else { return false }
        tokenCount -= 1
        return true
    }

    func tokens(at now: ClusterInstant) -> Double {
        let seconds = Double(max(0, now.nanoseconds(since: filledAt))) / 1e9
        return min(tokenCount + seconds * reservePerSecond, tokenCountMax)
    }
}
