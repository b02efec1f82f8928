import Testing

@testable import Cluster

@Suite("A query is sent")
struct PlacementTests {
    private typealias Driver = ClusterDriver

    @Test func `to every shard once, with the time that is left`() {
        var driver = Driver()
        for shard in 0..<3 { driver.announce("w\(shard)", shard: shard, of: 3) }
        _ = driver.take()
        _ = driver.start(within: .seconds(3))
        let sends = driver.takeSends()
        #expect(sends.map(\.shardIndex) == [0, 1, 2])
        #expect(sends.allSatisfy { $0.remaining == .seconds(3) && $0.shardCount == 3 && !$0.isHedge })
    }

    @Test(arguments: [2, 3, 5])
    func `to idle replicas in equal shares, though one looks a little quicker`(workerCount: Int) {
        var driver = Driver()
        for index in 0..<workerCount { driver.announce("w\(index)") }
        _ = driver.take()
        var counts: [String: Int] = [:]
        for _ in 0..<(400 * workerCount) {
            _ = driver.start()
            let send = driver.takeSends()[0]
            counts[send.workerName, default: 0] += 1
            driver.advance(send.workerName == "w0" ? .microseconds(900) : .microseconds(1000))
            driver.answer(send)
            if counts.values.reduce(0, +) % 400 == 0 { for index in 0..<workerCount { driver.announce("w\(index)") } }
        }
        // 400 each; five standard deviations of a fair draw are below 100.
        #expect(counts.count == workerCount)
        #expect(counts.values.allSatisfy { (300...500).contains($0) })
    }

    @Test func `to a slow replica seldom`() {
        var driver = Driver()
        driver.announce("quick")
        driver.announce("slow")
        _ = driver.take()
        var slowCount = 0
        for _ in 0..<200 {
            _ = driver.start()
            let send = driver.takeSends()[0]
            if send.workerName == "slow" { slowCount += 1 }
            driver.advance(send.workerName == "slow" ? .milliseconds(4) : .milliseconds(1))
            driver.answer(send)
        }
        #expect(slowCount < 10)
    }

    @Test func `to a replica that has applied minSeq, else to the one that is nearest`() {
        var driver = Driver()
        driver.announce("behind", appliedSeq: 50)
        driver.announce("nearer", appliedSeq: 60)
        for _ in 0..<20 {
            _ = driver.start(minSeq: 70)
            #expect(driver.takeSends().map(\.workerName) == ["nearer"])
        }
        driver.handle(.progressed(Driver.worker("behind"), ReplicaKey(collection: "jobs"), appliedSeq: 70))
        for _ in 0..<20 {
            _ = driver.start(minSeq: 70)
            #expect(driver.takeSends().map(\.workerName) == ["behind"])
        }
    }

    @Test func `to a replica that catches up only where minSeq makes its answer right`() {
        var configuration = ClusterConfiguration()
        configuration.waitForReplica = .zero
        var driver = Driver(configuration)
        driver.announce("a", appliedSeq: 10, state: .catchingUp)
        _ = driver.take()
        let query = driver.start()
        #expect(driver.take() == [.fail(query, .noWorkers)])
        let tooFar = driver.start(minSeq: 11)
        #expect(driver.take() == [.fail(tooFar, .noWorkers)])
        _ = driver.start(minSeq: 10)
        #expect(driver.takeSends().count == 1)
    }

    @Test func `to a draining replica when nothing else is there`() {
        var driver = Driver()
        driver.announce("leaving", state: .draining)
        _ = driver.start()
        #expect(driver.takeSends().map(\.workerName) == ["leaving"])
        driver.announce("staying")
        _ = driver.take()
        for _ in 0..<20 { _ = driver.start() }
        #expect(driver.takeSends().allSatisfy { $0.workerName == "staying" })
    }

    @Test func `to the newest full set of shards while a collection is resharded`() {
        var driver = Driver()
        driver.announce("old", shard: 0, of: 1)
        driver.announce("new0", shard: 0, of: 2)
        _ = driver.take()
        _ = driver.start()
        #expect(driver.takeSends().map(\.workerName) == ["old"])
        driver.announce("new1", shard: 1, of: 2)
        _ = driver.take()
        _ = driver.start()
        #expect(driver.takeSends().map(\.workerName) == ["new0", "new1"])
    }

    @Test func `again, to another full set, when a shard has lost its last replica`() {
        var driver = Driver()
        driver.announce("new0", shard: 0, of: 2)
        driver.announce("new1", shard: 1, of: 2)
        _ = driver.take()
        let query = driver.start()
        let sends = driver.takeSends()
        driver.announce("whole", shard: 0, of: 1)
        driver.answer(sends[0], hits: [ScoredID(id: 1, score: 1)])
        driver.handle(.connectionLost(sends[1].worker))
        let again = driver.takeSends()
        #expect(again.map(\.workerName) == ["whole"])
        driver.answer(again[0], hits: [ScoredID(id: 2, score: 0.5)])
        #expect(
            driver.take() == [
                .complete(
                    query,
                    MergedResult(
                        hits: [ScoredID(id: 2, score: 0.5)], coverage: ShardCoverage(answeredCount: 1, totalCount: 1),
                        appliedSeq: 100))
            ])
    }

    @Test func `not at all when a worker has as much as it takes`() {
        var driver = Driver()
        driver.announce("a", capacity: 2)
        _ = driver.take()
        _ = driver.start()
        _ = driver.start()
        #expect(driver.takeSends().count == 2)
        let refused = driver.start()
        guard case .fail(refused, .allBusy(let retryAfter)) = driver.take().first else {
            Issue.record("a third query is refused")
            return
        }
        #expect(retryAfter > .zero)
    }

    @Test func `not at all beyond the number that may be pending`() {
        var configuration = ClusterConfiguration()
        configuration.pendingQueryCountMax = 1
        var driver = Driver(configuration)
        driver.announce("a")
        _ = driver.start()
        _ = driver.take()
        let refused = driver.start()
        #expect(driver.take() == [.fail(refused, .tooManyQueries(limit: 1, retryAfter: .milliseconds(10)))])
    }

    @Test func `not at all after its deadline`() {
        var driver = Driver()
        driver.announce("a")
        _ = driver.take()
        let late = driver.start(within: .zero)
        #expect(
            driver.take() == [.fail(late, .deadlineExceeded(ShardCoverage(answeredCount: 0, totalCount: 0)))])
    }

    @Test func `asks a replica without memory for everything only where no whole one is there`() {
        var driver = ClusterDriver()
        var announcement = ClusterDriver.announcement("small")
        announcement.replicas[0].isFull = true
        driver.handle(.announced(announcement))
        #expect(driver.cluster.health(of: "jobs", headSeq: 100).isFull)
        _ = driver.start()
        #expect(driver.takeSends().map(\.workerName) == ["small"])
        driver.announce("large")
        #expect(!driver.cluster.health(of: "jobs", headSeq: 100).isFull)
        for _ in 0..<50 {
            _ = driver.start()
            for dispatch in driver.takeSends() {
                #expect(dispatch.workerName == "large")
                driver.answer(dispatch)
            }
        }
    }
}
