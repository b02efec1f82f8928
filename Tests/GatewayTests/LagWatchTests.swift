import Testing

@testable import Cluster
@testable import Gateway

@Suite("A watch on lag") struct LagWatchTests {
    private let start = ContinuousClock.now

    private func health(_ collection: String = "jobs", applied: Int64?) -> CollectionHealth {
        CollectionHealth(
            collection: collection, shardCount: applied == nil ? 0 : 1, shards: [],
            coverage: ShardCoverage(answeredCount: applied == nil ? 0 : 1, totalCount: 1), appliedSeqMin: applied,
            appliedSeqMax: applied, lag: nil)
    }

    @Test func `calls workers stalled when they have stood still for its patience, to the moment`() {
        let watch = LagWatch(patience: .seconds(30))
        #expect(!watch.isStalled(health(applied: 7), headSeq: 9, now: start))
        #expect(!watch.isStalled(health(applied: 7), headSeq: 9, now: start + .seconds(30) - .nanoseconds(1)))
        #expect(watch.isStalled(health(applied: 7), headSeq: 9, now: start + .seconds(30)))
        #expect(watch.isStalled(health(applied: 7), headSeq: 100, now: start + .seconds(31)))
    }

    @Test func `starts over with any progress, however far the head has gone`() {
        let watch = LagWatch(patience: .seconds(30))
        for step in 0..<10 {
            let now = start + .seconds(29 * step)
            #expect(!watch.isStalled(health(applied: Int64(step)), headSeq: 1_000_000, now: now))
        }
        #expect(watch.isStalled(health(applied: 9), headSeq: 1_000_000, now: start + .seconds(29 * 9 + 30)))
    }

    @Test func `starts over with a worker that is further behind, as after a restart`() {
        let watch = LagWatch(patience: .seconds(30))
        #expect(!watch.isStalled(health(applied: 7), headSeq: 9, now: start))
        #expect(!watch.isStalled(health(applied: 2), headSeq: 9, now: start + .seconds(40)))
        #expect(watch.isStalled(health(applied: 2), headSeq: 9, now: start + .seconds(70)))
    }

    @Test func `forgets the past of workers that have reached the head`() {
        let watch = LagWatch(patience: .seconds(30))
        #expect(!watch.isStalled(health(applied: 9), headSeq: 10, now: start))
        #expect(!watch.isStalled(health(applied: 9), headSeq: 9, now: start + .seconds(60)))
        // One more write, of which the worker has not heard yet: the minute before was no lag.
        #expect(!watch.isStalled(health(applied: 9), headSeq: 10, now: start + .seconds(61)))
        #expect(watch.isStalled(health(applied: 9), headSeq: 10, now: start + .seconds(91)))
    }

    @Test func `says nothing of a collection that no worker holds whole, which is another trouble`() {
        let watch = LagWatch(patience: .seconds(0))
        #expect(!watch.isStalled(health(applied: nil), headSeq: 9, now: start))
        #expect(!watch.isStalled(health(applied: nil), headSeq: 9, now: start + .seconds(60)))
    }

    @Test func `keeps collections apart`() {
        let watch = LagWatch(patience: .seconds(30))
        #expect(!watch.isStalled(health("jobs", applied: 1), headSeq: 9, now: start))
        #expect(!watch.isStalled(health("notes", applied: 1), headSeq: 9, now: start + .seconds(20)))
        #expect(watch.isStalled(health("jobs", applied: 1), headSeq: 9, now: start + .seconds(30)))
        #expect(!watch.isStalled(health("notes", applied: 1), headSeq: 9, now: start + .seconds(30)))
    }
}
