import NIOConcurrencyHelpers
import RecordSchema
import Testing
import VectorIndex
import WireProtocol

@testable import SearchWorker

@Suite("The replicas of a worker") struct ReplicaSetTests {
    private let replicas: ReplicaSet

    init() {
        var settings = WorkerSettings()
        settings.waitingSearchCountMax = 2
        replicas = ReplicaSet(settings, arranger: BackgroundArranger())
    }

    private func jobs(
        generation: UInt64 = 1, model: String = "m", dimension: Int = 4, metric: VectorMetric = .cosine, columns: [FilterColumn] = []
    ) -> CollectionInfo {
        CollectionInfo(
            name: "jobs", dimension: dimension, metric: metric, modelDigest: model, columns: columns, generation: generation)
    }

    /// What the gateway says there is; returns the replica that is made for it.
    @discardableResult
    private func reconcile(_ info: CollectionInfo..., storeID: String = "store") -> HeldReplica? {
        replicas.reconcile(info, storeID: storeID).added.first
    }

    private func apply(_ replica: HeldReplica, to seq: UInt64, headSeq: UInt64? = nil) throws {
        _ = try replica.apply(FeedPage(headSeq: headSeq ?? seq, scannedToSeq: seq))
    }

    /// One that has reached seq 10.
    private func makeWhole() throws -> HeldReplica {
        let replica = try #require(reconcile(jobs()))
        try apply(replica, to: 10)
        return replica
    }

    @Test func `keep the old generation serving until the new one is whole`() throws {
        let old = try makeWhole()
        let changes = replicas.reconcile([jobs(generation: 2)], storeID: "store")
        let new = try #require(changes.added.first)
        #expect(changes.removed.isEmpty)
        #expect(replicas["jobs"] === old)
        #expect(replicas.held(of: "jobs").count == 2)
        try apply(new, to: 5, headSeq: 10)
        #expect(replicas.promote(new) == nil)
        try apply(new, to: 10)
        #expect(replicas.promote(new) === old)
        #expect(replicas["jobs"] === new)
        #expect(replicas.held(of: "jobs").count == 1)
        #expect(replicas.promote(new) == nil)
    }

    @Test func `do not let a new generation serve that has seen less than the old one`() throws {
        let old = try makeWhole()
        let new = try #require(reconcile(jobs(generation: 2)))
        try apply(new, to: 10)
        try apply(old, to: 11)
        #expect(replicas.promote(new) == nil)
        try apply(new, to: 11)
        #expect(replicas.promote(new) === old)
    }

    @Test func `announce what serves alone, with the memory of both`() throws {
        let old = try makeWhole()
        let memoryBytes = old.report.memoryBytes
        let new = try #require(reconcile(jobs(generation: 2)))
        let reports = replicas.reports
        #expect(reports.count == 1)
        #expect(reports.first?.generation == 1)
        #expect(reports.first?.state == .ready)
        #expect(reports.first?.memoryBytes == memoryBytes + new.report.memoryBytes)
    }

    /// Vectors of another model, or rows that a filter means something else in, are no answer to a search of now.
    @Test func `replace at once what cannot answer for the new generation`() throws {
        for info in [
            jobs(generation: 2, model: "another"), jobs(generation: 2, dimension: 8), jobs(generation: 2, metric: .dot),
            jobs(generation: 2, columns: [FilterColumn(name: "city", type: .string, isArray: false)]),
        ] {
            let replicas = ReplicaSet(WorkerSettings(), arranger: BackgroundArranger())
            let old = try #require(replicas.reconcile([jobs()], storeID: "store").added.first)
            try apply(old, to: 10)
            let changes = replicas.reconcile([info], storeID: "store")
            #expect(changes.removed.first === old)
            #expect(replicas["jobs"] === changes.added.first)
            #expect(replicas.held(of: "jobs").count == 1)
        }
    }

    @Test func `replace at once what is of another store, is not whole itself, or follows no more`() throws {
        let old = try makeWhole()
        let other = replicas.reconcile([jobs(generation: 2)], storeID: "another")
        #expect(other.removed.first === old)
        let unfinished = try #require(other.added.first)
        let next = replicas.reconcile([jobs(generation: 3)], storeID: "another")
        #expect(next.removed.first === unfinished)
        let stuck = try #require(next.added.first)
        try apply(stuck, to: 3)
        // The gateway refuses the feed of the generation that it names: the replica must have read what is no more.
        stuck.isFeedOver = true
        let again = replicas.reconcile([jobs(generation: 3)], storeID: "another")
        #expect(again.removed.first === stuck)
        #expect(again.added.count == 1)
    }

    @Test func `go on serving what follows no more, while its successor is made`() throws {
        let old = try makeWhole()
        old.isFeedOver = true
        let new = try #require(reconcile(jobs(generation: 2)))
        #expect(replicas["jobs"] === old)
        #expect(reconcile(jobs(generation: 2)) == nil)
        try apply(new, to: 10)
        #expect(replicas.promote(new) === old)
    }

    @Test func `drop a successor that is overtaken, or whose generation is taken back`() throws {
        let old = try makeWhole()
        let second = try #require(reconcile(jobs(generation: 2)))
        let changes = replicas.reconcile([jobs(generation: 3)], storeID: "store")
        #expect(changes.removed.count == 1)
        #expect(changes.removed.first === second)
        #expect(replicas["jobs"] === old)
        let back = replicas.reconcile([jobs()], storeID: "store")
        #expect(back.removed.count == 1)
        #expect(back.added.isEmpty)
        #expect(replicas.held(of: "jobs").count == 1)
        #expect(replicas["jobs"] === old)
        try apply(second, to: 10)
        #expect(replicas.promote(second) == nil)
    }

    @Test func `drop both with their collection`() throws {
        _ = try makeWhole()
        reconcile(jobs(generation: 2))
        #expect(replicas.reconcile([], storeID: "store").removed.count == 2)
        #expect(replicas.all.isEmpty)
    }

    // MARK: Searches that wait for a write

    /// Which replica a waiting search was given, and whether the write was there.
    private final class Outcome: Sendable {
        private let box = NIOLockedValueBox<(HeldReplica, Bool)?>(nil)
        var value: (replica: HeldReplica, isApplied: Bool)? { box.withLockedValue { $0 } }

        func search(minSeq: UInt64) -> HeldReplica.WaitingSearch {
            .init(minSeq: minSeq, deadline: .now + .seconds(60)) { replica, isApplied in
                self.box.withLockedValue { $0 = (replica, isApplied) }
            }
        }
    }

    @Test func `move searches that wait to the new generation, which answers them`() throws {
        let old = try makeWhole()
        let (early, late) = (Outcome(), Outcome())
        #expect(old.wait(for: early.search(minSeq: 12)))
        let new = try #require(reconcile(jobs(generation: 2)))
        try apply(new, to: 11)
        #expect(replicas.promote(new) === old)
        old.drain(to: new)
        #expect(early.value == nil)
        // A search that had found the old one before the change comes to it after.
        #expect(old.wait(for: late.search(minSeq: 12)))
        #expect(late.value == nil)
        try apply(new, to: 12)
        for outcome in [early, late] {
            #expect(outcome.value?.replica === new)
            #expect(outcome.value?.isApplied == true)
        }
        let present = Outcome()
        #expect(old.wait(for: present.search(minSeq: 10)))
        #expect(present.value?.replica === old)
        #expect(present.value?.isApplied == true)
    }

    @Test func `end searches that wait in a replica which nothing follows, and let none begin to`() throws {
        let old = try makeWhole()
        let (early, late) = (Outcome(), Outcome())
        #expect(old.wait(for: early.search(minSeq: 12)))
        old.drain()
        #expect(old.wait(for: late.search(minSeq: 12)))
        for outcome in [early, late] { #expect(outcome.value?.isApplied == false) }
    }

    @Test func `let a bounded number of searches wait, wherever they come from`() throws {
        let old = try makeWhole()
        let outcomes = (0..<3).map { _ in Outcome() }
        #expect(old.wait(for: outcomes[0].search(minSeq: 12)))
        #expect(old.wait(for: outcomes[1].search(minSeq: 12)))
        #expect(!old.wait(for: outcomes[2].search(minSeq: 12)))
        let new = try #require(reconcile(jobs(generation: 2)))
        #expect(new.wait(for: outcomes[2].search(minSeq: 12)))
        old.drain(to: new)
        // One of the two found room, the other is told to try elsewhere.
        #expect([outcomes[0], outcomes[1]].map { $0.value?.isApplied } == [nil, false])
    }
}
