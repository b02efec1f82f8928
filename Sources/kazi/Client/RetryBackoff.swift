/// How long to wait before the next attempt, and when to stop trying. Holds no clock: the caller says what time has passed.
///
/// Waits double from `firstDelay` to `delayMax`, each drawn from its upper half so that clients that failed together do
/// not come back together.
struct RetryBackoff: Sendable {
    static let firstDelay = Duration.milliseconds(100)
    static let delayMax = Duration.seconds(5)

    /// How long attempts may go on after the first failure.
    let patience: Duration
    private(set) var failureCount = 0

    init(patience: Duration) { self.patience = patience }

    /// Counts a failure and tells how long to wait.
    ///
    /// - Parameters:
    ///   - elapsed: Time since the first failure of this run of failures, 0 at the first.
    ///   - retryAfter: What the other side asked for; never undercut.
    ///   - jitter: 0..<1, random.
    /// - Returns: `nil` when the wait would end after `patience`.
    mutating func delay(elapsed: Duration, retryAfter: Duration?, jitter: Double) -> Duration? {
        let doubled = Self.firstDelay * (1 << min(failureCount, 16))
        failureCount += 1
        let ceiling = min(doubled, Self.delayMax)
        let drawn = ceiling / 2 + .fractionalSeconds((ceiling / 2).inSeconds * jitter)
        let delay = max(drawn, retryAfter ?? .zero)
        return elapsed + delay <= patience ? delay : nil
    }

    /// An attempt succeeded: the next failure is a first one again.
    mutating func reset() { failureCount = 0 }
}
