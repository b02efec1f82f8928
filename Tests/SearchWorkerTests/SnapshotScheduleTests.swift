import Testing
import VectorIndex

@testable import SearchWorker

@Suite("Snapshots are due") struct SnapshotScheduleTests {
    private let start = ContinuousClock.now
    private let unarranged = SnapshotMark(partitionedRowCount: 0, arrangedRowCount: 0)

    private func makeContent(
        _ appliedRowCount: Int, liveRowCount: Int = 1_000, hasCaughtUp: Bool = true, mark: SnapshotMark? = nil
    ) -> SnapshotSchedule.Content {
        SnapshotSchedule.Content(
            hasCaughtUp: hasCaughtUp, liveRowCount: liveRowCount, appliedRowCount: appliedRowCount, mark: mark ?? unarranged)
    }

    private func makeSchedule(writtenRowCount: Int, took: Duration = .zero) -> SnapshotSchedule {
        var schedule = SnapshotSchedule(restored: nil, now: start)
        schedule.wrote(appliedRowCount: writtenRowCount, mark: unarranged, took: took, now: start)
        return schedule
    }

    @Test func `at once when the feed was read for the first time`() {
        let schedule = SnapshotSchedule(restored: nil, now: start)
        #expect(!schedule.isDue(makeContent(0), now: start))
        #expect(!schedule.isDue(makeContent(1, hasCaughtUp: false), now: start))
        #expect(schedule.isDue(makeContent(1), now: start))
    }

    @Test func `not for what was read from one`() {
        let schedule = SnapshotSchedule(restored: unarranged, now: start)
        #expect(!schedule.hasChanged(makeContent(0)))
        #expect(!schedule.isDue(makeContent(0), now: start + .seconds(86_400)))
        #expect(schedule.hasChanged(makeContent(1)))
        #expect(!schedule.isDue(makeContent(1), now: start + .seconds(599)))
        #expect(schedule.isDue(makeContent(1), now: start + .seconds(600)))
    }

    @Test(arguments: [(1_000, 10_000), (100_000, 10_000), (1_000_000, 100_000)])
    func `when a tenth of the rows has changed, and ten thousand, and a minute has passed`(liveRowCount: Int, enough: Int) {
        let schedule = makeSchedule(writtenRowCount: 500)
        let almost = makeContent(500 + enough - 1, liveRowCount: liveRowCount)
        let changed = makeContent(500 + enough, liveRowCount: liveRowCount)
        #expect(!schedule.isDue(changed, now: start + .seconds(59)))
        #expect(!schedule.isDue(almost, now: start + .seconds(60)))
        #expect(schedule.isDue(changed, now: start + .seconds(60)))
    }

    @Test func `when the rows were cut into other lists`() {
        let schedule = makeSchedule(writtenRowCount: 500)
        let layered = makeContent(500, mark: SnapshotMark(partitionedRowCount: 0, arrangedRowCount: 900))
        let partitioned = makeContent(500, mark: SnapshotMark(partitionedRowCount: 900, arrangedRowCount: 900))
        #expect(!schedule.isDue(partitioned, now: start + .seconds(59)))
        #expect(schedule.isDue(partitioned, now: start + .seconds(60)))
        #expect(!schedule.isDue(layered, now: start + .seconds(60)))
        #expect(schedule.isDue(layered, now: start + .seconds(600)))
    }

    @Test func `no more than a twentieth of the time`() {
        let schedule = makeSchedule(writtenRowCount: 0, took: .seconds(50))
        #expect(!schedule.isDue(makeContent(1_000_000), now: start + .seconds(999)))
        #expect(schedule.isDue(makeContent(1_000_000), now: start + .seconds(1_000)))
    }

    @Test func `later and later after failures, and as before after a success`() {
        var schedule = SnapshotSchedule(restored: nil, now: start)
        var now = start
        for seconds in [60, 120, 240, 480, 900, 900] {
            let delay = schedule.failed(now: now)
            #expect(delay == .seconds(seconds))
            #expect(!schedule.isDue(makeContent(1), now: now + delay - .nanoseconds(1)))
            #expect(schedule.isDue(makeContent(1), now: now + delay))
            now += delay
        }
        schedule.wrote(appliedRowCount: 1, mark: unarranged, took: .zero, now: now)
        let delay = schedule.failed(now: now)
        #expect(delay == .seconds(60))
    }
}
