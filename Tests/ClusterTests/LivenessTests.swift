import Testing

@testable import Cluster

@Suite("A worker")
struct LivenessTests {
    private typealias Driver = ClusterDriver

    @Test func `is connected to when it announces itself, and once`() {
        var driver = Driver()
        driver.announce("a")
        driver.announce("a")
        #expect(driver.take() == [.connect(Driver.worker("a"), endpoint: "tcp://a")])
    }

    @Test func `is given up after deadAfter of silence, and its collections are forgotten`() {
        var driver = Driver()
        driver.announce("a")
        driver.advance(.milliseconds(4999))
        #expect(driver.cluster.collections == ["jobs"])
        _ = driver.take()
        driver.advance(.milliseconds(1))
        #expect(driver.take() == [.disconnect(Driver.worker("a"))])
        #expect(driver.cluster.collections == [])
        driver.advance(.seconds(10))
        #expect(driver.cluster.isEmpty)
    }

    @Test func `that restarts replaces its earlier run`() {
        var driver = Driver()
        driver.announce("a", epoch: 1)
        _ = driver.take()
        driver.announce("a", epoch: 2)
        #expect(
            driver.take() == [.disconnect(Driver.worker("a", 1)), .connect(Driver.worker("a", 2), endpoint: "tcp://a")])
        driver.announce("a", epoch: 1)
        #expect(
            driver.take() == [
                .rejectAnnouncement(Driver.worker("a", 1), endpoint: "tcp://a", .staleBootEpoch(knownBootEpoch: 2))
            ])
    }

    @Test func `with the id and epoch of another keeps out, while that one lives`() {
        var driver = Driver()
        driver.announce("a", endpoint: "tcp://first")
        _ = driver.take()
        driver.announce("a", endpoint: "tcp://second")
        #expect(
            driver.take() == [
                .rejectAnnouncement(
                    Driver.worker("a"), endpoint: "tcp://second", .endpointConflict(knownEndpoint: "tcp://first"))
            ])
        driver.advance(.seconds(5))
        driver.announce("a", endpoint: "tcp://second")
        #expect(driver.take().last == .connect(Driver.worker("a"), endpoint: "tcp://second"))
    }

    @Test func `whose process was seen to pause with us is not blamed for silence`() {
        var driver = Driver()
        driver.announce("a")
        // The timer was set to 2.5 s; the process comes back after 20 s.
        var late: [ClusterAction] = []
        driver.cluster.handle(.tick, now: driver.now.advanced(by: .seconds(20)), actions: &late)
        #expect(driver.cluster.collections == ["jobs"])
        #expect(driver.cluster.counters.ownPauseCount == 1)
        #expect(driver.cluster.counters.workerDeadCount == 0)
    }

    @Test func `that said goodbye finishes what it has and gets nothing new`() {
        var driver = Driver()
        driver.announce("a")
        let first = driver.start()
        let sends = driver.takeSends()
        driver.announce("b")
        driver.handle(.saidGoodbye(Driver.worker("a")))
        #expect(driver.take() == [.connect(Driver.worker("b"), endpoint: "tcp://b")])
        for _ in 0..<10 { _ = driver.start() }
        #expect(driver.takeSends().allSatisfy { $0.workerName == "b" })
        driver.answer(sends[0])
        let actions = driver.take()
        #expect(actions.first == .disconnect(Driver.worker("a")))
        guard case .complete(first, _) = actions.last else {
            Issue.record("the answer of a leaving worker counts")
            return
        }
        driver.announce("a")
        #expect(
            driver.take() == [.rejectAnnouncement(Driver.worker("a"), endpoint: "tcp://a", .departed)])
    }

    private static let nonsense: [ReplicaReport] = [
        (collection: "", index: 0, count: 1, seq: 0), (String(repeating: "x", count: 129), 0, 1, 0), ("jobs", 1, 1, 0),
        ("jobs", -1, 1, 0), ("jobs", 0, 0, 0), ("jobs", 0, 4097, 0), ("jobs", 0, 1, -1), ("events", 0, 1, 1),
    ].map { (collection: String, index: Int, count: Int, seq: Int64) in
        ReplicaReport(
            key: ReplicaKey(collection: collection, shardIndex: index, shardCount: count), appliedSeq: seq, state: .ready)
    }

    @Test(arguments: nonsense)
    func `whose announcement is nonsense is told where, and nothing changes`(bad: ReplicaReport) {
        var driver = Driver()
        let good = ReplicaReport(key: ReplicaKey(collection: "events"), appliedSeq: 1, state: .ready)
        driver.handle(
            .announced(WorkerAnnouncement(worker: Driver.worker("a"), endpoint: "tcp://a", replicas: [good, bad])))
        #expect(
            driver.take() == [
                .rejectAnnouncement(Driver.worker("a"), endpoint: "tcp://a", .invalidReplica(index: 1))
            ])
        #expect(driver.cluster.isEmpty)
    }

    @Test func `beyond the limits on workers, replicas and collections is kept out`() {
        var configuration = ClusterConfiguration()
        configuration.workerCountMax = 1
        configuration.replicasPerWorkerCountMax = 2
        configuration.collectionCountMax = 1
        var driver = Driver(configuration)
        func announcement(_ collections: [String]) -> WorkerAnnouncement {
            WorkerAnnouncement(
                worker: Driver.worker("a"), endpoint: "tcp://a",
                replicas: collections.map {
                    ReplicaReport(key: ReplicaKey(collection: $0), appliedSeq: 0, state: .ready)
                })
        }
        driver.handle(.announced(announcement(["x", "y", "z"])))
        driver.handle(.announced(announcement(["x", "y"])))
        driver.announce("a")
        driver.announce("b")
        let rejections: [AnnouncementRejection] = driver.take().compactMap {
            if case .rejectAnnouncement(_, _, let rejection) = $0 { rejection } else { nil }
        }
        #expect(
            rejections == [.tooManyReplicas(limit: 2), .tooManyCollections(limit: 1), .tooManyWorkers(limit: 1)])
    }

    @Test func `that no longer lists a replica is no longer asked for it`() {
        var driver = Driver()
        driver.announce("a")
        driver.handle(
            .announced(WorkerAnnouncement(worker: Driver.worker("a"), endpoint: "tcp://a", replicas: [])))
        #expect(driver.cluster.collections == [])
        #expect(driver.cluster.bookProblems() == [])
    }
}
