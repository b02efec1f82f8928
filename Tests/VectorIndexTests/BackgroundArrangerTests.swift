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
}
