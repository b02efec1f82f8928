import Testing

@testable import SearchWorker

@Suite("Replay budget") struct ReplayBudgetTests {
    private let start = ContinuousClock.now

    @Test func `allows one replay at a time`() {
        var budget = ReplayBudget()
        let first = budget.begin(at: start)
        let second = budget.begin(at: start + .seconds(3_600))
        #expect(first && !second)
        budget.end(at: start + .seconds(3_600), after: .zero)
        let third = budget.begin(at: start + .seconds(3_601))
        #expect(third)
    }

    @Test(arguments: [(Duration.zero, Duration.milliseconds(250)), (.milliseconds(2), .milliseconds(250)),
        (.milliseconds(13), .milliseconds(1_287)), (.seconds(1), .seconds(99))])
    func `lets replays take a hundredth of the time`(duration: Duration, rest: Duration) {
        var budget = ReplayBudget()
        let isFirst = budget.begin(at: start)
        budget.end(at: start + duration, after: duration)
        let isEarly = budget.begin(at: start + duration + rest - .nanoseconds(1))
        let isDue = budget.begin(at: start + duration + rest)
        #expect(isFirst && !isEarly && isDue)
    }
}
