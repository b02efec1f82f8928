import NIOConcurrencyHelpers
import RecordSchema
import Testing
import VectorIndex
import WireProtocol

@testable import SearchWorker

@Suite("Memory limit") struct MemoryLimitTests {
    /// A feed of one row a write: each record once, with its last change.
    private struct FeedModel {
        var seqs: [UInt64: UInt64] = [:]
        var components: [UInt64: Float] = [:]
        var deleted: Set<UInt64> = []
        var headSeq: UInt64 = 0

        mutating func put(_ id: UInt64, _ component: Float) {
            headSeq += 1
            seqs[id] = headSeq
            components[id] = component
            deleted.remove(id)
        }

        mutating func delete(_ id: UInt64) {
            headSeq += 1
            seqs[id] = headSeq
            deleted.insert(id)
        }

        func page(_ pull: PullRequest) -> FeedPage {
            let rows = seqs.filter { $0.value > pull.afterSeq }.sorted { $0.value < $1.value }.prefix(pull.rowLimit)
            let isLast = rows.count < pull.rowLimit
            return FeedPage(
                headSeq: headSeq, scannedToSeq: isLast ? headSeq : rows.last?.value ?? headSeq, dimension: MemoryLimitTests.dimension,
                ids: rows.map(\.key), seqs: rows.map(\.value),
                kinds: rows.map { deleted.contains($0.key) ? .delete : .upsert },
                vectors: rows.filter { !deleted.contains($0.key) }.flatMap { MemoryLimitTests.vector(components[$0.key] ?? 0) })
        }
    }

    private static let dimension = 96

    private static func vector(_ component: Float) -> [Float] {
        (0 ..< dimension).map { $0 == 0 ? 1 : $0 == 1 ? component : 0 }
    }

    private func makeReplica(_ memory: MemoryBudget, _ arranger: BackgroundArranger) throws -> HeldReplica {
        try HeldReplica(
            CollectionInfo(name: "points", dimension: Self.dimension, metric: .cosine, headSeq: 0, generation: 1),
            storeID: "store", settings: WorkerSettings(), memory: memory, arranger: arranger)
    }

    /// Pulls until the end of the feed.
    private func follow(_ feed: FeedModel, _ replica: HeldReplica) throws {
        replica.noticeHead(feed.headSeq)
        _ = replica.resumeIfThereIsRoom()
        while replica.isBehind { _ = try replica.apply(feed.page(replica.nextPull)) }
    }

    private func ids(_ replica: HeldReplica, near component: Float, limit: Int = 11_000) throws -> [UInt64] {
        try replica.index.search(SearchRequest(vector: Self.vector(component), resultLimit: limit)).ids
    }

    @Test func `stops new rows, keeps what is held true, and is left when rows go`() throws {
        let memory = MemoryBudget(limitBytes: 1 << 20), arranger = BackgroundArranger()
        let replica = try makeReplica(memory, arranger)
        var feed = FeedModel()
        for id: UInt64 in 1...6_000 { feed.put(id, Float(id) / 1_000) }
        try follow(feed, replica)
        #expect(replica.isFull && replica.report.isFull && replica.report.state == .ready)
        let held = Set(try ids(replica, near: 0))
        #expect(held.count > 1_000 && held.count < 6_000 && held == Set(1...UInt64(held.count)))
        #expect(replica.appliedSeq == UInt64(held.count))
        #expect(replica.index.statistics.totalBytes <= 1 << 20)

        // Replaced, deleted, new, and deleted without having been taken.
        feed.put(7, 50)
        feed.delete(8)
        feed.put(7_000, 50)
        feed.delete(5_999)
        try follow(feed, replica)
        #expect(try ids(replica, near: 50, limit: 1) == [7])
        #expect(Set(try ids(replica, near: 0)) == held.subtracting([8]))
        #expect(replica.isFull && replica.appliedSeq == UInt64(held.count))

        for id in held.sorted().dropLast(10) where id != 7 { feed.delete(id) }
        for id: UInt64 in 3_000...5_998 where !held.contains(id) { feed.delete(id) }
        try follow(feed, replica)
        // Read again from where rows were left out.
        try follow(feed, replica)
        #expect(!replica.isFull && replica.appliedSeq == feed.headSeq)
        #expect(Set(try ids(replica, near: 0)) == Set(feed.seqs.keys).subtracting(feed.deleted))
        replica.drain()
        arranger.shutdown()
    }

    /// What is only replaced and deleted needs no room of its own.
    @Test func `does not hinder replacements`() throws {
        let memory = MemoryBudget(limitBytes: 1 << 20), arranger = BackgroundArranger()
        let replica = try makeReplica(memory, arranger)
        var feed = FeedModel()
        for id: UInt64 in 1...6_000 { feed.put(id, 1) }
        try follow(feed, replica)
        let heldCount = replica.index.statistics.liveRowCount
        for round in 1...5 {
            for id in 1...UInt64(heldCount) { feed.put(id, Float(round)) }
            try follow(feed, replica)
            #expect(replica.index.statistics.liveRowCount == heldCount)
        }
        // A third more waits to be squeezed out at most, in segments of their own.
        #expect(replica.index.statistics.totalBytes < 2 << 20)
        arranger.shutdown()
    }

    @Test func `ends waits for what is not taken`() throws {
        let memory = MemoryBudget(limitBytes: 1 << 19), arranger = BackgroundArranger()
        let replica = try makeReplica(memory, arranger)
        var feed = FeedModel()
        for id: UInt64 in 1...6_000 { feed.put(id, 1) }
        let outcomes = NIOLockedValueBox<[Bool]>([])
        func wait(_ seq: UInt64) -> Bool {
            replica.wait(for: .init(minSeq: seq, deadline: .now + .seconds(60)) { _, isApplied in
                outcomes.withLockedValue { $0.append(isApplied) }
            })
        }
        let isAccepted = wait(6_000)
        #expect(isAccepted && outcomes.withLockedValue { $0 } == [])
        try follow(feed, replica)
        #expect(outcomes.withLockedValue { $0 } == [false])
        let isRefused = wait(6_000), isApplied = wait(1)
        #expect(isRefused && isApplied && outcomes.withLockedValue { $0 } == [false, false, true])
        arranger.shutdown()
    }

    @Test func `is shared, and given back`() throws {
        let memory = MemoryBudget(limitBytes: 1_000)
        final class Owner {}
        let a = Owner(), b = Owner()
        #expect(memory.reserve(600, for: a) && !memory.reserve(500, for: b) && memory.reserve(400, for: b))
        #expect(!memory.reserve(601, for: a) && memory.reserve(100, for: a) && memory.reserve(900, for: b))
        memory.release(b)
        #expect(memory.reserve(1_000, for: a))
        #expect(MemoryBudget(limitBytes: nil).reserve(.max, for: a))
    }
}
