import Foundation
import RecordSchema
import Testing

@testable import VectorIndex

@Suite("Vector index") struct VectorIndexTests {
    @Test func `without rows finds nothing`() throws {
        let index = try makeIndex(dimension: 4)
        let result = try index.search(SearchRequest(vector: [1, 0, 0, 0]))
        #expect(result == SearchResult(ids: [], scores: [], scannedRowCount: 0, matchedRowCount: 0))
        #expect(index.statistics == IndexStatistics())
    }

    @Test func `scores a vector with itself as the same`() throws {
        for metric in Metric.allCases {
            let index = try makeIndex(dimension: 3, metric: metric)
            try index.apply(makeUpserts([(7, [3, 4, 0])]))
            let result = try index.search(SearchRequest(vector: [3, 4, 0]))
            #expect(result.ids == [7])
            let expected: Float = switch metric {
            case .cosine: 1
            case .dot: 25
            case .euclidean: 0
            }
            // Half a code's step in each component: 4 / 127 / 2.
            #expect(abs(result.scores[0] - expected) < 0.03)
        }
    }

    @Test func `orders equal scores by id`() throws {
        let index = try makeIndex(dimension: 2)
        let ids = (0 ..< 300).map { UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
        try index.apply(makeUpserts(ids.map { ($0, [1, 1]) }))
        let result = try index.search(SearchRequest(vector: [1, 1], resultLimit: 20))
        #expect(result.ids == Array(ids.sorted().prefix(20)))
    }

    @Test func `keeps the last row of an id within a batch`() throws {
        let index = try makeIndex(dimension: 2)
        try index.apply(
            RowBatch(
                ids: [1, 2, 1, 2, 3], kinds: [.upsert, .upsert, .upsert, .delete, .delete],
                vectors: [1, 0, 1, 0, 0, 1]))
        let result = try index.search(SearchRequest(vector: [0, 1]))
        #expect(result.ids == [1])
        #expect(result.scores == [1])
        #expect(index.statistics.liveRowCount == 1)
    }

    @Test func `is not changed by a batch applied twice`() throws {
        var generator = SeededGenerator(seed: 3)
        let batch = makeUpserts((0 ..< 200).map { (UInt64($0), generator.vector(8)) })
        let index = try makeIndex(dimension: 8)
        try index.apply(batch)
        let request = SearchRequest(vector: generator.vector(8), resultLimit: 50)
        let first = try index.search(request)
        try index.apply(batch)
        let second = try index.search(request)
        #expect(first.ids == second.ids && first.scores == second.scores)
        #expect(second.matchedRowCount == 200)
    }

    @Test func `answers a batch as it answers each query`() throws {
        let index = try makeFilledIndex(rowCount: 5_000, dimension: 20)
        var generator = SeededGenerator(seed: 9)
        var requests = (1...21).map { SearchRequest(vector: generator.vector(20), resultLimit: $0) }
        requests[5].minimumScore = 0.3
        requests[11].vector = [1]
        for (request, result) in zip(requests, index.search(batch: requests)) {
            let single = Result { () throws(IndexError) in try index.search(request) }
            #expect(result == single)
        }
    }

    @Test(arguments: KernelSet.available)
    func `gives the same result whatever the kernel and the cut into parts`(kernels: KernelSet) throws {
        let index = try makeFilledIndex(rowCount: 9_001, dimension: 33, metric: .euclidean)
        var generator = SeededGenerator(seed: 4)
        let queries = try (0 ..< 8).map { _ in
            try index.prepare(SearchRequest(vector: generator.vector(33), resultLimit: 40))
        }
        let whole = ScanPass(view: index.view, queries: queries, kernels: .available[0])
        let expected = whole.finish(whole.scan(words: 0 ..< whole.view.wordCount))
        let pass = ScanPass(view: index.view, queries: queries, kernels: kernels)
        for partCount in [1, 2, 3, 7] {
            let count = pass.view.wordCount
            var merged: [ScanPass.Partial] = []
            for part in 0 ..< partCount {
                let partials = pass.scan(words: part * count / partCount ..< (part + 1) * count / partCount)
                if merged.isEmpty { merged = partials } else {
                    for query in merged.indices { merged[query].merge(partials[query]) }
                }
            }
            #expect(pass.finish(merged) == expected)
        }
    }

    @Test func `skips blocks without a matching row`() throws {
        let columns = [FilterColumn(name: "source", type: .string)]
        let index = try makeIndex(dimension: 4, columns: columns)
        var sources = ColumnBatch(type: .string)
        for row in 0 ..< 1_000 { sources.append([.string(row == 500 ? "rare" : "common")]) }
        var batch = makeUpserts((0 ..< 1_000).map { (UInt64($0), [1, Float($0), 0, 0]) })
        batch.columns = [sources]
        try index.apply(batch)
        let filter = Filter.compare(field: "source", .equal, .string("rare"))
        let result = try index.search(SearchRequest(vector: [1, 0, 0, 0], filter: filter))
        #expect(result.ids == [500])
        #expect(result.matchedRowCount == 1)
        #expect(result.scannedRowCount == 16)
    }

    @Test func `gives memory back when rows die`() throws {
        let index = try makeFilledIndex(rowCount: 150_000, dimension: 8)
        let full = index.statistics
        #expect(full.liveRowCount == 150_000 && full.segmentCount == 3)
        // Every row but one in a hundred, scattered.
        let dead = (0 ..< 150_000).filter { $0 % 100 != 0 }.map(UInt64.init)
        for start in stride(from: 0, to: dead.count, by: 1_000) {
            try index.apply(makeDeletes(Array(dead[start ..< min(start + 1_000, dead.count)])))
        }
        while index.compact() {}
        let small = index.statistics
        #expect(small.liveRowCount == 1_500)
        #expect(small.deadRowCount <= 1_500)
        #expect(small.totalBytes * 20 < full.totalBytes)
        var generator = SeededGenerator(seed: 2)
        let result = try index.search(SearchRequest(vector: generator.vector(8), resultLimit: 2_000))
        #expect(Set(result.ids) == Set((0 ..< 1_500).map { UInt64($0 * 100) }))
    }

    @Test func `stays small when few rows are replaced for ever`() throws {
        let index = try makeIndex(dimension: 16)
        var generator = SeededGenerator(seed: 6)
        for _ in 0 ..< 100 {
            try index.apply(makeUpserts((0 ..< 604).map { (UInt64($0), generator.vector(16)) }))
            #expect(index.statistics.liveRowCount == 604)
            #expect(index.statistics.totalBytes < 604 * index.configuration.bytesPerRow * 6)
        }
    }

    @Test(arguments: Metric.allCases)
    func `takes about the memory that was announced`(metric: Metric) throws {
        let columns = [
            FilterColumn(name: "salary", type: .number), FilterColumn(name: "posted_at", type: .timestamp),
            FilterColumn(name: "remote", type: .boolean),
        ]
        let index = try makeIndex(dimension: 96, metric: metric, columns: columns)
        var generator = SeededGenerator(seed: 8)
        for start in stride(from: 0, to: 65_536, by: 4_096) {
            var batch = makeUpserts((start ..< start + 4_096).map { (UInt64($0), generator.vector(96)) })
            let counts = Array(repeating: UInt32(1), count: 4_096)
            batch.columns = [
                ColumnBatch(counts: counts, values: .numbers(Array(repeating: 1, count: 4_096)))!,
                ColumnBatch(counts: counts, values: .timestamps(Array(repeating: 1, count: 4_096)))!,
                ColumnBatch(counts: counts, values: .booleans(Array(repeating: true, count: 4_096)))!,
            ]
            try index.apply(batch)
        }
        let announced = index.configuration.bytesPerRow
        // Huge pages round a segment's codes up, and the id map may be at the emptier end of its load.
        #expect(index.statistics.bytesPerRow <= announced * 5 / 4)
        #expect(index.statistics.bytesPerRow >= announced * 9 / 10)
    }

    /// What is left out of a batch takes its column values along, and the rest lands where it belongs.
    @Test func `applies deletes and replacements alone where it may not grow`() throws {
        let columns = [
            FilterColumn(name: "place", type: .number), FilterColumn(name: "tags", type: .string, isArray: true),
        ]
        let index = try makeIndex(dimension: 4, columns: columns)
        func batch(_ rows: [(id: UInt64, kind: RowBatch.Kind, place: Double, tags: [String])]) -> RowBatch {
            let upserts = rows.filter { $0.kind == .upsert }
            return RowBatch(
                ids: rows.map(\.id), kinds: rows.map(\.kind),
                vectors: upserts.flatMap { [1, Float($0.place), 0, 0] },
                columns: [
                    ColumnBatch(counts: upserts.map { _ in 1 }, values: .numbers(upserts.map(\.place)))!,
                    ColumnBatch(counts: upserts.map { UInt32($0.tags.count) }, values: .strings(upserts.flatMap(\.tags)))!,
                ])
        }
        try index.apply(batch((1...6).map { (UInt64($0), .upsert, Double($0), ["old"]) }))
        let leftOutCount = try index.applyToHeldRows(
            batch([
                (100, .upsert, 100, ["a", "b"]), (2, .upsert, 20, ["x"]), (101, .upsert, 101, []), (3, .delete, 0, []),
                (3, .upsert, 30, ["y"]), (4, .upsert, 40, []), (102, .delete, 0, []), (5, .upsert, 50, ["x", "z"]),
                (103, .upsert, 103, ["x"]),
            ]))
        #expect(leftOutCount == 4)
        func ids(_ filter: Filter?) throws -> Set<UInt64> {
            Set(try index.search(SearchRequest(vector: [1, 0, 0, 0], resultLimit: 100, filter: filter)).ids)
        }
        #expect(try ids(nil) == [1, 2, 4, 5, 6])
        #expect(try ids(.compare(field: "tags", .equal, .string("x"))) == [2, 5])
        #expect(try ids(.compare(field: "tags", .equal, .string("z"))) == [5])
        #expect(try ids(.compare(field: "tags", .equal, .string("old"))) == [1, 6])
        #expect(try ids(.compare(field: "place", .greaterThanOrEqual, .number(20))) == [2, 4, 5])
        #expect(try index.search(SearchRequest(vector: [1, 50, 0, 0], resultLimit: 1)).ids == [5])
    }

    /// The estimate is made before rows come, and holds while they come and are sorted into lists.
    @Test(arguments: Metric.allCases, [24, 384])
    func `says beforehand what it may need`(metric: Metric, dimension: Int) throws {
        let index = try makeIndex(dimension: dimension, metric: metric)
        var generator = SeededGenerator(seed: 3)
        for start in stride(from: 0, to: 12_000, by: 500) {
            let projected = index.projectedBytes(adding: 500)
            try index.apply(makeUpserts((start ..< start + 500).map { (UInt64($0), generator.vector(dimension)) }))
            #expect(index.statistics.totalBytes <= projected)
            while index.arrange(rowLimit: 5_000) { #expect(index.statistics.totalBytes <= projected) }
        }
        // And it is no idle talk: within three times what there is, once there are many rows.
        #expect(index.statistics.arrangementBytes > 0)
        #expect(index.projectedBytes(adding: 0) < 3 * index.statistics.totalBytes)
        #expect(index.statistics.bytesPerRow < index.configuration.arrangedBytesPerRow * 3 / 2)
    }
}
