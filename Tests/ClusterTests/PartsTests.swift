import Testing

@testable import Cluster

@Suite("The parts")
struct PartsTests {
    @Test func `a timer heap gives the earliest moment, through any changes`() {
        var random = SimulationRandom(seed: 5)
        var heap = TimerHeap()
        var expected: [Int: Int64] = [:]
        for _ in 0..<20_000 {
            let slot = random.int(0...60)
            if random.chance(0.3) {
                heap.remove(slot)
                expected[slot] = nil
            } else {
                let moment = Int64(random.int(0...500))
                heap.set(slot, at: ClusterInstant(nanoseconds: moment))
                expected[slot] = moment
            }
            #expect(heap.earliest?.nanoseconds == expected.values.min())
            #expect(heap.count == expected.count)
            if let due = heap.due(at: ClusterInstant(nanoseconds: 100)) {
                #expect(expected[due] == expected.values.min())
            }
        }
    }

    @Test func `a slab never gives an id twice, and knows its own`() {
        var random = SimulationRandom(seed: 9)
        var slab = Slab<Int>()
        var live: [UInt64] = []
        var last: UInt64 = 0
        for value in 0..<5000 {
            if random.chance(0.5), let id = live.popLast() {
                slab.remove(slab.slot(of: id)!)
                #expect(slab.slot(of: id) == nil)
            }
            let slot = slab.insert(0)
            slab.elements[slot] = value
            #expect(slab.ids[slot] > last)
            last = slab.ids[slot]
            live.append(last)
            #expect(slab.count == live.count)
        }
        #expect(slab.slot(of: 0) == nil)
        #expect(slab.slot(of: .max) == nil)
        for id in live { #expect(slab.slot(of: id) != nil) }
    }

    @Test(arguments: [1, 16_383, 16_384, 20_480, 1_000_000, 5_000_000, 999_999_999, Int64.max])
    func `a latency bucket ends less than a quarter above what it holds`(nanoseconds: Int64) {
        let edge = LatencySketch.upperEdge(of: LatencySketch.bucket(of: nanoseconds))
        if nanoseconds >= 16_384, nanoseconds < 500_000_000_000 {
            #expect(edge > nanoseconds)
            #expect(Double(edge) <= Double(nanoseconds) * 1.2501)
        }
    }

    @Test func `a latency sketch follows its samples and forgets old ones`() throws {
        var sketch = LatencySketch(quantile: 0.95)
        for _ in 0..<19 { sketch.record(nanoseconds: 1_000_000) }
        #expect(sketch.quantileNanoseconds == nil)
        for _ in 0..<2000 { sketch.record(nanoseconds: 1_000_000) }
        #expect((1_000_000...1_250_100).contains(try #require(sketch.quantileNanoseconds)))
        for _ in 0..<4096 { sketch.record(nanoseconds: 50_000_000) }
        #expect((50_000_000...62_600_000).contains(try #require(sketch.quantileNanoseconds)))
    }

    @Test func `the retry budget is a share of first attempts and a little every second`() {
        var configuration = ClusterConfiguration()
        configuration.retryRatio = 0.125
        configuration.retryReservePerSecond = 2
        let start = ClusterInstant(nanoseconds: 0)
        var budget = RetryBudget(configuration, startedAt: start)
        func spend(at now: ClusterInstant) -> Int {
            var count = 0
            while budget.take(at: now) { count += 1 }
            return count
        }
        #expect(spend(at: start) == 2)
        for _ in 0..<80 { budget.depositForFirstAttempt() }
        #expect(spend(at: start) == 10)
        #expect(spend(at: start.advanced(by: .seconds(3))) == 6)
        for _ in 0..<80_000 { budget.depositForFirstAttempt() }
        #expect(spend(at: start.advanced(by: .seconds(3))) == 100)
    }

    @Test func `instants saturate at the ends of time`() {
        let last = ClusterInstant(nanoseconds: .max)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(ClusterInstant(nanoseconds: 5).advanced(by: .seconds(Int64.max)) == last)
        #expect(ClusterInstant(nanoseconds: .min).advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(ClusterInstant(nanoseconds: 5).duration(to: ClusterInstant(nanoseconds: 8)) == .nanoseconds(3))
    }

    @Test func `a configuration that cannot work says so`() {
        #expect(ClusterConfiguration().problem == nil)
        var configuration = ClusterConfiguration()
        configuration.deadAfter = configuration.suspectAfter
        #expect(configuration.problem == "deadAfter must be above suspectAfter")
        configuration = ClusterConfiguration()
        configuration.retryRatio = .nan
        #expect(configuration.problem == "retryRatio must be 0...1")
    }
}

@Suite("The view of a collection")
struct ViewTests {
    @Test func `tells replicas, coverage and lag of each shard`() {
        var driver = ClusterDriver()
        driver.announce("a", shard: 0, of: 2, appliedSeq: 90)
        driver.announce("b", shard: 0, of: 2, appliedSeq: 95)
        driver.announce("c", shard: 1, of: 2, appliedSeq: 80, state: .catchingUp)
        var health = driver.cluster.health(of: "jobs", headSeq: 100)
        #expect(health.coverage == ShardCoverage(answeredCount: 1, totalCount: 2))
        #expect(health.lag == nil)
        driver.announce("c", shard: 1, of: 2, appliedSeq: 99)
        health = driver.cluster.health(of: "jobs", headSeq: 100)
        #expect(health.shards.map(\.liveReplicaCount) == [2, 1])
        #expect(health.shards.map(\.readyReplicaCount) == [2, 1])
        #expect(health.coverage.isFull)
        #expect(health.appliedSeqMin == 90)
        #expect(health.appliedSeqMax == 95)
        #expect(health.lag == 10)
        #expect(driver.cluster.health(of: "none", headSeq: 100).shardCount == 0)
    }

    @Test func `lists workers by id with what they hold`() {
        var driver = ClusterDriver()
        driver.announce("b", appliedSeq: 7)
        driver.announce("a", appliedSeq: 9)
        driver.handle(.connectionLost(ClusterDriver.worker("b")))
        driver.advance(.seconds(1))
        let snapshot = driver.cluster.snapshot(now: driver.now)
        #expect(snapshot.workers.map(\.worker.id.name) == ["a", "b"])
        #expect(snapshot.workers.map(\.status) == [.alive, .disconnected])
        #expect(snapshot.workers.map(\.silence) == [.seconds(1), .seconds(1)])
        #expect(snapshot.workers[0].replicas.map(\.appliedSeq) == [9])
    }
}
