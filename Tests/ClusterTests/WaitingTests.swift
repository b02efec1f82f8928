import Testing

@testable import Cluster

@Suite("A query without a replica")
struct WaitingTests {
    private typealias Driver = ClusterDriver

    @Test func `waits for a lone worker that restarts, and is answered`() {
        var driver = Driver()
        driver.announce("a", epoch: 1)
        driver.advance(.seconds(100))
        driver.announce("a", epoch: 1)
        let running = driver.start()
        #expect(driver.takeSends().count == 1)
        driver.handle(.connectionLost(Driver.worker("a", 1)))
        let later = driver.start()
        #expect(driver.take() == [])
        driver.advance(.milliseconds(700))
        driver.announce("a", epoch: 2, state: .catchingUp)
        #expect(driver.takeSends().isEmpty)
        driver.advance(.milliseconds(300))
        driver.announce("a", epoch: 2)
        #expect(Set(driver.takeSends().map(\.query)) == [running, later])
        #expect(driver.cluster.waitingQueryCount == 0)
    }

    @Test func `fails when nobody has come back in time`() {
        var driver = Driver()
        driver.announce("a")
        driver.handle(.connectionLost(Driver.worker("a")))
        let query = driver.start(within: .seconds(30))
        _ = driver.take()
        driver.advance(.milliseconds(4999))
        #expect(!driver.take().contains(.fail(query, .noWorkers)))
        driver.advance(.milliseconds(1))
        #expect(driver.take().contains(.fail(query, .noWorkers)))
        let next = driver.start()
        #expect(driver.take() == [.fail(next, .noWorkers)])
    }

    @Test func `fails with the reason at its deadline`() {
        var driver = Driver()
        driver.announce("a")
        driver.handle(.connectionLost(Driver.worker("a")))
        let query = driver.start(within: .seconds(1))
        _ = driver.take()
        driver.advance(.seconds(1))
        #expect(driver.take() == [.fail(query, .noWorkers)])
    }

    @Test func `waits for workers of a collection not yet seen, soon after the start only`() {
        var driver = Driver()
        let early = driver.start()
        #expect(driver.take() == [])
        driver.advance(.seconds(1))
        driver.announce("a")
        #expect(driver.takeSends().map(\.query) == [early])
        driver.advance(.seconds(4))
        let late = driver.start("other")
        #expect(driver.take().contains(.fail(late, .noWorkers)))
    }

    @Test func `does not wait when enough others do`() {
        var configuration = ClusterConfiguration()
        configuration.waitingQueryCountMax = 2
        var driver = Driver(configuration)
        _ = driver.start()
        _ = driver.start()
        let third = driver.start()
        #expect(driver.take() == [.fail(third, .noWorkers)])
    }

    @Test func `that was taken from a lost worker waits for room on a full one`() {
        var driver = Driver()
        driver.announce("a", capacity: 1)
        let first = driver.start()
        let onA = driver.takeSends()[0]
        driver.announce("b", capacity: 1)
        let second = driver.start()
        let onB = driver.takeSends().first { $0.query == second }
        #expect(onB?.workerName == "b")
        driver.handle(.connectionLost(onA.worker))
        #expect(driver.take() == [])
        if let onB { driver.answer(onB) }
        #expect(driver.takeSends().map(\.query) == [first])
    }

    @Test func `of some shards fails with the coverage, unless it allows less`() {
        var configuration = ClusterConfiguration()
        configuration.waitForReplica = .zero
        var driver = Driver(configuration)
        driver.announce("a", shard: 0, of: 2)
        _ = driver.take()
        let whole = driver.start()
        #expect(driver.take() == [.fail(whole, .partial(ShardCoverage(answeredCount: 1, totalCount: 2)))])
        let partial = driver.start(allowPartial: true)
        driver.answer(driver.takeSends()[0], appliedSeq: 42, hits: [ScoredID(id: 3, score: 0.25)])
        #expect(
            driver.take() == [
                .complete(
                    partial,
                    MergedResult(
                        hits: [ScoredID(id: 3, score: 0.25)], coverage: ShardCoverage(answeredCount: 1, totalCount: 2),
                        appliedSeq: 42))
            ])
    }

    @Test func `of some shards takes what has been answered at its deadline, where it allows less`() {
        var driver = Driver()
        driver.announce("a", shard: 0, of: 2)
        driver.announce("b", shard: 1, of: 2)
        _ = driver.take()
        let query = driver.start(within: .seconds(1), allowPartial: true)
        driver.answer(driver.takeSends()[1])
        driver.advance(.seconds(1))
        guard case .complete(query, let result) = driver.take().last else {
            Issue.record("it completes with one shard")
            return
        }
        #expect(result.coverage == ShardCoverage(answeredCount: 1, totalCount: 2))
    }
}
