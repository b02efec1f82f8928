import Testing

@testable import kazi

@Suite("Retry back-off") struct RetryBackoffTests {
    @Test func `waits double up to five seconds, each from its upper half`() {
        var backoff = RetryBackoff(patience: .seconds(1000))
        let shortest = (0..<8).map { _ in backoff.delay(elapsed: .zero, retryAfter: nil, jitter: 0) }
        #expect(shortest == [50, 100, 200, 400, 800, 1600, 2500, 2500].map { .milliseconds($0) })
        backoff.reset()
        let longest = (0..<7).map { _ in backoff.delay(elapsed: .zero, retryAfter: nil, jitter: 1) }
        #expect(longest == [100, 200, 400, 800, 1600, 3200, 5000].map { .milliseconds($0) })
    }

    @Test func `never comes back sooner than it was asked to`() {
        var backoff = RetryBackoff(patience: .seconds(60))
        #expect(backoff.delay(elapsed: .zero, retryAfter: .seconds(7), jitter: 0.5) == .seconds(7))
    }

    @Test func `gives up when the next attempt would come too late`() {
        var backoff = RetryBackoff(patience: .seconds(60))
        #expect(backoff.delay(elapsed: .seconds(50), retryAfter: .seconds(11), jitter: 0) == nil)
        #expect(backoff.delay(elapsed: .seconds(60), retryAfter: nil, jitter: 0) == nil)
        var impatient = RetryBackoff(patience: .zero)
        #expect(impatient.delay(elapsed: .zero, retryAfter: nil, jitter: 0) == nil)
    }
}
