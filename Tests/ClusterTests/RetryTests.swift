import Testing

@testable import Cluster

@Suite("When an attempt")
struct RetryTests {
    private typealias Driver = ClusterDriver

    private func twoWorkers(_ change: (inout ClusterConfiguration) -> Void = { _ in }) -> ClusterDriver {
        var configuration = ClusterConfiguration()
        change(&configuration)
        var driver = Driver(configuration)
        driver.announce("a")
        driver.announce("b")
        _ = driver.take()
        return driver
    }

    @Test func `loses its worker, another is asked at once, whatever the budget`() {
        var driver = twoWorkers {
            $0.retryRatio = 0
            $0.retryReservePerSecond = 0
        }
        _ = driver.start()
        let first = driver.takeSends()[0]
        driver.handle(.connectionLost(first.worker))
        let second = driver.takeSends()
        #expect(second.count == 1)
        #expect(second[0].workerName != first.workerName)
        #expect(second[0].attempt > first.attempt)
    }

    @Test func `could not be sent, everything in flight there is asked of another`() {
        var driver = Driver()
        driver.announce("a")
        for _ in 0..<5 { _ = driver.start() }
        let sends = driver.takeSends()
        driver.announce("b")
        _ = driver.take()
        driver.handle(.attemptFailed(sends[2].attempt, .disconnected))
        #expect(driver.takeSends().map(\.workerName) == Array(repeating: "b", count: 5))
    }

    @Test func `meets BUSY, another is asked and the busy one left alone for as long as it said`() {
        var driver = twoWorkers()
        _ = driver.start()
        let first = driver.takeSends()[0]
        driver.handle(.attemptFailed(first.attempt, .busy(retryAfter: .milliseconds(300))))
        let second = driver.takeSends()[0]
        #expect(second.workerName != first.workerName)
        for _ in 0..<20 { _ = driver.start() }
        #expect(driver.takeSends().allSatisfy { $0.workerName == second.workerName })
        driver.handle(.attemptFailed(second.attempt, .busy(retryAfter: .milliseconds(100))))
        guard case .fail(_, .allBusy(retryAfter: .milliseconds(100))) = driver.take().first else {
            Issue.record("with nobody left it fails and says when to come back")
            return
        }
        driver.advance(.milliseconds(299))
        _ = driver.take()
        _ = driver.start()
        #expect(driver.takeSends().map(\.workerName) == [second.workerName])
        driver.advance(.milliseconds(1))
        _ = driver.takeSends()
        for _ in 0..<5 { _ = driver.start() }
        #expect(driver.takeSends().contains { $0.workerName == first.workerName })
    }

    @Test func `fails, the budget decides whether another is asked`() {
        var driver = twoWorkers {
            $0.retryRatio = 0
            $0.retryReservePerSecond = 1
        }
        _ = driver.start()
        driver.handle(.attemptFailed(driver.takeSends()[0].attempt, .internalError))
        #expect(driver.takeSends().count == 1)
        let query = driver.start()
        driver.handle(.attemptFailed(driver.takeSends()[0].attempt, .internalError))
        #expect(
            driver.take() == [.fail(query, .workersFailed(ShardCoverage(answeredCount: 0, totalCount: 1)))])
        #expect(driver.cluster.counters.budgetRefusedCount == 1)
    }

    @Test(arguments: [
        (hits: [ScoredID(id: 1, score: .nan)], limit: 10), (hits: [ScoredID(id: 1, score: .infinity)], limit: 10),
        (hits: [ScoredID(id: 1, score: 1), ScoredID(id: 2, score: 0.5)], limit: 1),
    ])
    func `is answered with nonsense, another is asked`(hits: [ScoredID], limit: Int) {
        var driver = twoWorkers()
        _ = driver.start(resultLimit: limit)
        let first = driver.takeSends()[0]
        driver.answer(first, hits: hits)
        let second = driver.takeSends()
        #expect(second.count == 1)
        #expect(second.first?.workerName != first.workerName)
        #expect(driver.cluster.counters.malformedAnswerCount == 1)
    }

    @Test func `is answered from before minSeq, the answer is not taken`() {
        var driver = Driver()
        driver.announce("a", appliedSeq: 5)
        let query = driver.start(minSeq: 10)
        driver.answer(driver.takeSends()[0], appliedSeq: 9)
        #expect(driver.take() == [.fail(query, .notCaughtUp(appliedSeq: 9))])
    }

    @Test func `is reported twice or late, nothing happens and it is counted`() {
        var driver = twoWorkers()
        let query = driver.start()
        let send = driver.takeSends()[0]
        driver.answer(send)
        #expect(driver.take().count == 1)
        driver.answer(send)
        driver.handle(.attemptFailed(send.attempt, .disconnected))
        driver.handle(.queryCancelled(query))
        #expect(driver.take() == [])
        #expect(driver.cluster.counters.lateReportCount == 2)
        #expect(driver.cluster.counters.unknownEventCount == 1)
    }

    @Test func `is no longer wanted, it is cancelled`() {
        var driver = twoWorkers()
        let query = driver.start()
        let send = driver.takeSends()[0]
        driver.handle(.queryCancelled(query))
        #expect(driver.take() == [.cancel(send.attempt, send.worker)])
    }

    @Test func `has no answer at the deadline, the query fails and it is cancelled`() {
        var driver = Driver()
        driver.announce("a")
        let query = driver.start(within: .seconds(1))
        let send = driver.takeSends()[0]
        driver.advance(.milliseconds(999))
        #expect(driver.take() == [])
        driver.advance(.milliseconds(1))
        #expect(
            driver.take() == [
                .cancel(send.attempt, send.worker),
                .fail(query, .deadlineExceeded(ShardCoverage(answeredCount: 0, totalCount: 1))),
            ])
    }
}

@Suite("A slow attempt")
struct HedgeTests {
    private typealias Driver = ClusterDriver

    @Test func `is raced after the longest delay while little is known, and the first answer wins`() {
        var driver = Driver()
        driver.announce("a")
        driver.announce("b")
        _ = driver.take()
        let query = driver.start()
        let first = driver.takeSends()[0]
        driver.advance(.milliseconds(249))
        #expect(driver.take() == [])
        driver.advance(.milliseconds(1))
        let second = driver.takeSends()[0]
        #expect(second.isHedge)
        #expect(second.workerName != first.workerName)
        driver.answer(second, hits: [ScoredID(id: 7, score: 0.5)])
        let actions = driver.take()
        #expect(actions.first == .cancel(first.attempt, first.worker))
        guard case .complete(query, _) = actions.last else {
            Issue.record("the hedge's answer is the query's")
            return
        }
        #expect(driver.cluster.counters.hedgeWonCount == 1)
    }

    @Test func `is raced after the time within which 95 of 100 answer`() {
        var driver = Driver()
        driver.announce("a")
        driver.announce("b")
        _ = driver.take()
        for index in 0..<100 {
            _ = driver.start()
            let send = driver.takeSends()[0]
            driver.advance(index % 10 == 9 ? .milliseconds(16) : .milliseconds(8))
            for case .send(let hedge) in driver.take() { Issue.record("no hedge yet: \(hedge)") }
            driver.answer(send)
            _ = driver.take()
            if index % 20 == 0 {
                driver.announce("a")
                driver.announce("b")
            }
        }
        _ = driver.start()
        _ = driver.take()
        // The 95th percentile is 16 ms, in a bucket that ends less than a quarter above it.
        driver.advance(.milliseconds(16))
        #expect(driver.takeSends().isEmpty)
        driver.advance(.milliseconds(4))
        #expect(driver.takeSends().count == 1)
    }

    @Test func `is not raced where there is no other replica, nor beyond the budget`() {
        var configuration = ClusterConfiguration()
        configuration.retryRatio = 0
        configuration.retryReservePerSecond = 0
        var driver = Driver(configuration)
        driver.announce("a")
        _ = driver.start(within: .seconds(2))
        #expect(driver.takeSends().count == 1)
        driver.announce("b")
        _ = driver.start(within: .seconds(2))
        _ = driver.take()
        driver.advance(.milliseconds(1900))
        #expect(driver.takeSends().isEmpty)
        #expect(driver.cluster.counters.budgetRefusedCount > 0)
    }

    @Test func `on a worker that has gone silent is asked of another, whatever the budget`() {
        var configuration = ClusterConfiguration()
        configuration.retryRatio = 0
        configuration.retryReservePerSecond = 0
        var driver = Driver(configuration)
        driver.announce("silent")
        _ = driver.start()
        let first = driver.takeSends()[0]
        driver.advance(.seconds(2))
        driver.announce("b")
        _ = driver.take()
        driver.advance(.milliseconds(499))
        #expect(driver.takeSends().isEmpty)
        driver.advance(.milliseconds(1))
        #expect(driver.takeSends().map(\.workerName) == ["b"])
        driver.answer(first)
        #expect(driver.take().count == 2)
    }
}
