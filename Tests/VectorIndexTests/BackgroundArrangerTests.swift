import Testing

@testable import VectorIndex

@Suite("Background arranger") struct BackgroundArrangerTests {
    @Test(.timeLimit(.minutes(2))) func `arranges what it is given, while rows still come`() throws {
        let arranger = BackgroundArranger()
        let indexes = try (0 ..< 2).map { _ in try makeIndex(dimension: 16) }
        var generator = SeededGenerator(seed: 1)
        for batch in 0 ..< 12 {
            for index in indexes {
                let ids = batch * 500 ..< (batch + 1) * 500
                try index.apply(makeUpserts(ids.map { (UInt64($0), generator.vector(16)) }))
                arranger.arrange(index)
            }
        }
        let threads = Threads()
        threads.start {
            // Ends by itself; the time limit is the deadline.
            while indexes.contains(where: { $0.view.arrangement?.restRowCount ?? .max >= 512 }) {
                for index in indexes { arranger.arrange(index) }
            }
        }
        threads.join()
        arranger.shutdown()
        arranger.shutdown()
        arranger.arrange(indexes[0])
        #expect(indexes.allSatisfy { $0.statistics.arrangementBytes > 0 })
    }

    @Test func `ends with work undone when it is let go`() throws {
        let index = try makeFilledIndex(rowCount: 20_000, dimension: 16)
        var arranger: BackgroundArranger? = BackgroundArranger()
        arranger?.arrange(index)
        arranger = nil
        #expect(try index.search(SearchRequest(vector: Array(repeating: 1, count: 16))).ids.count == 10)
    }

    @Test(.timeLimit(.minutes(1))) func `does errands once each, and refuses them when too many wait or it has ended`() {
        let arranger = BackgroundArranger()
        let counts = Monitor((started: 0, mayGoOn: false))
        let errand: @Sendable () -> Void = {
            counts.withLock { $0.started += 1 }
            counts.wakeAll()
            counts.waitUntil { $0.mayGoOn ? () : nil }
        }
        #expect(arranger.run(errand))
        counts.waitUntil { $0.started == 1 ? () : nil }
        // The first runs; so many more may wait.
        #expect((0 ..< 16).allSatisfy { _ in arranger.run(errand) })
        #expect(!arranger.run(errand))
        counts.withLock { $0.mayGoOn = true }
        counts.wakeAll()
        counts.waitUntil { $0.started == 17 ? () : nil }
        arranger.shutdown()
        #expect(!arranger.run(errand))
        #expect(counts.withLock { $0.started } == 17)
    }

    @Test(.timeLimit(.minutes(1))) func `lets go of an index that is forgotten`() throws {
        let arranger = BackgroundArranger()
        weak var released: VectorIndex?
        do {
            let index = try makeFilledIndex(rowCount: 20_000, dimension: 16)
            released = index
            arranger.arrange(index)
            arranger.forget(index)
        }
        // After the step that may run; the time limit is the deadline.
        while released != nil {
            let isDone = Monitor(false)
            #expect(arranger.run {
                isDone.withLock { $0 = true }
                isDone.wakeAll()
            })
            isDone.waitUntil { $0 ? () : nil }
        }
        arranger.shutdown()
    }
}
