import RecordSchema
import Synchronization
import Testing

@testable import VectorIndex

/// What the searching threads and the applying one tell each other.
private final class Progress: Sendable {
    let isDone = Atomic(false)
    let searchCount = Atomic(0)
    let missCount = Atomic(0)
}

@Suite("Searches while rows change") struct ConcurrencyTests {
    /// Every batch gives all rows one common vector of its own. A search that saw half a batch, a row twice, or a
    /// row in the middle of being written would find two different scores, or not all ids.
    @Test(.timeLimit(.minutes(10)), arguments: Metric.allCases)
    func `see every batch whole`(metric: Metric) throws {
        let dimension = 24, rowCount = 700
        let index = try makeIndex(dimension: dimension, metric: metric)
        let progress = Progress()
        let ids = (0 ..< rowCount).map(UInt64.init)
        func makeVersion(_ version: Int) -> RowBatch {
            let vector = (0 ..< dimension).map { Float(($0 * 7 + version * 13) % 31) - 14.5 }
            return RowBatch(
                ids: ids, kinds: Array(repeating: .upsert, count: rowCount),
                vectors: Array(repeatElement(vector, count: rowCount).joined()))
        }
        try index.apply(makeVersion(0))

        let threads = Threads()
        for seed in 0 ..< 3 {
            threads.start {
                var generator = SeededGenerator(seed: UInt64(seed))
                while !progress.isDone.load(ordering: .relaxed) {
                    let request = SearchRequest(vector: generator.vector(dimension), resultLimit: 1_000)
                    guard let result = try? index.search(request) else { continue }
                    // Equal scores: all ids, in their order. A plain condition, because `#expect` is slow in a loop.
                    if result.ids != ids || result.scores.first != result.scores.last
                        || result.matchedRowCount != rowCount
                    {
                        Issue.record("\(result.ids.count) ids, scores \(Set(result.scores))")
                    }
                    progress.searchCount.add(1, ordering: .relaxed)
                }
            }
        }
        var version = 0
        // Enough batches for many tails to be sealed and moved away, and enough searches between them.
        while version < 150 || progress.searchCount.load(ordering: .relaxed) < 100 {
            version += 1
            try index.apply(makeVersion(version))
            if version % 10 == 0 { index.compact() }
        }
        progress.isDone.store(true, ordering: .relaxed)
        threads.join()
    }

    @Test(.timeLimit(.minutes(10)))
    func `with filters read only what was published`() throws {
        let columns = RandomRows.columns
        let index = try makeIndex(dimension: 4, columns: columns)
        let progress = Progress()
        let threads = Threads()
        for seed in 0 ..< 2 {
            threads.start {
                var random = RandomRows(generator: SeededGenerator(seed: 100 + UInt64(seed)))
                while !progress.isDone.load(ordering: .relaxed) {
                    let filter = random.filter()
                    let vector = random.generator.vector(4)
                    let both = index.search(batch: [
                        SearchRequest(vector: vector, resultLimit: 5, filter: filter),
                        SearchRequest(vector: vector, resultLimit: 5, filter: .not(filter)),
                        SearchRequest(vector: vector, resultLimit: 5),
                    ]).compactMap { try? $0.get().matchedRowCount }
                    // The three see the same rows, and each row satisfies the filter or its opposite.
                    if both.count != 3 || both[0] + both[1] != both[2] { Issue.record("\(both) for \(filter)") }
                    progress.searchCount.add(1, ordering: .relaxed)
                }
            }
        }
        var random = RandomRows(generator: SeededGenerator(seed: 99))
        var step = 0
        while step < 200 || progress.searchCount.load(ordering: .relaxed) < 100 {
            step += 1
            var batch = RowBatch(ids: [], kinds: [], vectors: [], columns: columns.map { ColumnBatch(type: $0.type) })
            for _ in 0 ..< 23 {
                batch.ids.append(UInt64.random(in: 0 ..< 900, using: &random.generator))
                batch.kinds.append(.upsert)
                batch.vectors += random.generator.vector(4)
                for (column, values) in random.values().enumerated() { batch.columns[column].append(values) }
            }
            try index.apply(batch)
        }
        progress.isDone.store(true, ordering: .relaxed)
        threads.join()
    }

    /// Rows keep their ids but move: every id has one vector for all time, so a search for it finds it at a score of 1,
    /// in a layer, in the rest, or while it is on its way from one to the other.
    @Test(.timeLimit(.minutes(2)))
    func `and are arranged find every row once`() throws {
        let dimension = 16, rowCount = 6_000
        let index = try makeIndex(dimension: dimension)
        @Sendable func vector(_ id: UInt64) -> [Float] {
            var generator = SeededGenerator(seed: id)
            return generator.vector(dimension)
        }
        @Sendable func makeRows(_ ids: Range<UInt64>) -> RowBatch { makeUpserts(ids.map { ($0, vector($0)) }) }
        try index.apply(makeRows(0 ..< UInt64(rowCount)))
        let progress = Progress()
        let threads = Threads()
        threads.start {
            while !progress.isDone.load(ordering: .relaxed) { index.arrange(rowLimit: 200) }
        }
        for seed in 0 ..< 2 {
            threads.start {
                var generator = SeededGenerator(seed: UInt64(seed))
                while !progress.isDone.load(ordering: .relaxed) {
                    let id = generator.next() % UInt64(rowCount)
                    let request = SearchRequest(vector: vector(id), resultLimit: 20, recallTarget: 0.999)
                    guard let result = try? index.search(request) else { continue }
                    if Set(result.ids).count != 20 || result.matchedRowCount != rowCount {
                        Issue.record("\(result) for \(id)")
                    }
                    // A list may be left out, however rarely; a row may not.
                    if result.ids.first != id { progress.missCount.add(1, ordering: .relaxed) }
                    progress.searchCount.add(1, ordering: .relaxed)
                }
            }
        }
        var step: UInt64 = 0
        while step < 150 || progress.searchCount.load(ordering: .relaxed) < 200 || index.view.arrangement == nil {
            let first = step * 97 % UInt64(rowCount - 200)
            try index.apply(makeRows(first ..< first + 200))
            step += 1
        }
        progress.isDone.store(true, ordering: .relaxed)
        threads.join()
        #expect(progress.missCount.load(ordering: .relaxed) * 50 <= progress.searchCount.load(ordering: .relaxed))
        index.arrangeFully()
        for id in stride(from: UInt64(0), to: UInt64(rowCount), by: 97) {
            let result = try index.search(SearchRequest(vector: vector(id), isExact: true))
            #expect(result.ids.first == id)
        }
    }
}
