import CKernels
import RecordSchema
import Testing

@testable import VectorIndex

/// Vectors around a few hundred centres, as embeddings are: rows that have near neighbours, and queries that do.
struct ClusteredVectors {
    let dimension: Int
    var generator: SeededGenerator
    private let centres: [[Float]]

    init(dimension: Int, seed: UInt64, centreCount: Int = 200) {
        self.dimension = dimension
        var generator = SeededGenerator(seed: seed)
        centres = (0 ..< centreCount).map { _ in generator.vector(dimension) }
        self.generator = generator
    }

    mutating func next() -> [Float] {
        let centre = Int(generator.next() % UInt64(centres.count))
        var vector = generator.vector(dimension, magnitude: 0.6)
        vector.withUnsafeMutableBufferPointer { vector in
            centres[centre].withUnsafeBufferPointer { centre in
                for index in 0 ..< dimension { vector[index] += centre[index] }
            }
        }
        return vector
    }
}

extension VectorIndex {
    /// Arranges until nothing is left to do.
    func arrangeFully(rowLimit: Int = 10_000) { while arrange(rowLimit: rowLimit) {} }
}

@Suite("Arranged rows") struct ArrangementTests {
    /// Upserts of `ids`, `vectors` giving one for each.
    private func fill(_ index: VectorIndex, ids: Range<Int>, _ vectors: inout ClusteredVectors) throws {
        for start in stride(from: ids.lowerBound, to: ids.upperBound, by: 1_000) {
            try index.apply(
                makeUpserts((start ..< min(start + 1_000, ids.upperBound)).map { (UInt64($0), vectors.next()) }))
        }
    }

    private func recall(
        _ index: VectorIndex, _ vectors: inout ClusteredVectors, queryCount: Int = 60, resultLimit: Int = 10,
        filter: Filter? = nil, target: Float = 0.97
    ) throws -> Double {
        var found = 0, wanted = 0
        for _ in 0 ..< queryCount {
            var request = SearchRequest(
                vector: vectors.next(), resultLimit: resultLimit, filter: filter, recallTarget: target)
            let result = try index.search(request)
            request.isExact = true
            let exact = try index.search(request)
            #expect(exact.guarantee == .exact)
            #expect(result.matchedRowCount == exact.matchedRowCount)
            #expect(result.ids.count == exact.ids.count)
            let scores = Dictionary(uniqueKeysWithValues: zip(exact.ids, exact.scores))
            for (id, score) in zip(result.ids, result.scores) {
                if let exactScore = scores[id] { #expect(score == exactScore) }
            }
            found += Set(result.ids).intersection(exact.ids).count
            wanted += exact.ids.count
        }
        return wanted == 0 ? 1 : Double(found) / Double(wanted)
    }

    @Test(arguments: Metric.allCases, [16, 33, 96, 384])
    func `are found as the recall target asks`(metric: Metric, dimension: Int) throws {
        var vectors = ClusteredVectors(dimension: dimension, seed: UInt64(dimension))
        let index = try makeIndex(dimension: dimension, metric: metric)
        try fill(index, ids: 0 ..< 20_000, &vectors)
        index.arrangeFully()
        let arranged = try #require(index.view.arrangement)
        #expect(arranged.restRowCount == 0 && arranged.arrangement.rowCount == 20_000)
        #expect(try recall(index, &vectors, target: 0.97) >= 0.95)
        #expect(try recall(index, &vectors, resultLimit: 100, target: 0.97) >= 0.95)
        #expect(try recall(index, &vectors, target: 0.999) >= 0.985)
        let result = try index.search(SearchRequest(vector: vectors.next(), recallTarget: 0.9))
        #expect(result.guarantee != .exact)
        #expect(result.scannedRowCount < 20_000)
    }

    @Test(.timeLimit(.minutes(2))) func `of 1,536 and 4,096 components are found`() throws {
        for dimension in [1_536, 4_096] {
            var vectors = ClusteredVectors(dimension: dimension, seed: 5, centreCount: 50)
            let index = try makeIndex(dimension: dimension)
            try fill(index, ids: 0 ..< 4_200, &vectors)
            index.arrangeFully()
            #expect(index.view.arrangement != nil)
            #expect(try recall(index, &vectors, queryCount: 30) >= 0.95)
        }
    }

    /// A search that compares all rows does not see the arrangement, and one through lists scores rows alike.
    @Test func `give the exact result when it is asked for`() throws {
        var vectors = ClusteredVectors(dimension: 48, seed: 3)
        let index = try makeIndex(dimension: 48)
        try fill(index, ids: 0 ..< 6_000, &vectors)
        let requests = (0 ..< 20).map { _ in SearchRequest(vector: vectors.next(), isExact: true) }
        let before = try requests.map { try index.search($0) }
        index.arrangeFully()
        #expect(index.view.arrangement != nil)
        #expect(try requests.map { try index.search($0) } == before)
    }

    @Test(arguments: KernelSet.available)
    func `give the same result whatever the kernel and the batch`(kernels: KernelSet) throws {
        for metric in Metric.allCases {
            var vectors = ClusteredVectors(dimension: 50, seed: 4)
            let index = try makeIndex(dimension: 50, metric: metric)
            try fill(index, ids: 0 ..< 6_000, &vectors)
            index.arrangeFully()
            let requests = (1...8).map { SearchRequest(vector: vectors.next(), resultLimit: $0 * 3) }
            let queries = try requests.map { try index.prepare($0) }
            let together = QueryBatch(view: index.view, queries: queries, kernels: kernels).results()
            let alone = queries.map { QueryBatch(view: index.view, queries: [$0], kernels: .available[0]).results()[0] }
            #expect(together == alone)
        }
    }

    /// Each row is its own nearest neighbour, wherever it is: in the first layer, in later ones, in none yet.
    @Test func `are all reachable while more arrive and some are replaced`() throws {
        var vectors = ClusteredVectors(dimension: 40, seed: 8)
        let index = try makeIndex(dimension: 40)
        var current: [UInt64: [Float]] = [:]
        for step in 0 ..< 60 {
            var rows: [(id: UInt64, vector: [Float])] = []
            for _ in 0 ..< 400 {
                let id = vectors.generator.next() % 14_000
                rows.append((id, vectors.next()))
                current[id] = rows[rows.count - 1].vector
            }
            try index.apply(makeUpserts(rows))
            // Some steps of the work, not all of it: rows change under it.
            for _ in 0 ..< step % 7 { index.arrange(rowLimit: 700) }
        }
        for isSettled in [false, true] {
            if isSettled { index.arrangeFully() }
            #expect(index.view.arrangement != nil)
            var foundCount = 0
            let sample = current.keys.sorted().filter { $0 % 23 == 0 }
            for id in sample {
                let result = try index.search(SearchRequest(vector: current[id]!, resultLimit: 3, recallTarget: 0.99))
                #expect(Set(result.ids).count == result.ids.count)
                if result.ids.first == id { foundCount += 1 }
            }
            #expect(foundCount * 100 >= sample.count * 99)
        }
        let layers = try #require(index.view.arrangement).layers.map(\.layer.rowCount)
        #expect(zip(layers, layers.dropFirst()).allSatisfy { $0 >= $1 * Arrangement.layerRatio })
    }

    @Test func `never come back once they are deleted or replaced`() throws {
        var vectors = ClusteredVectors(dimension: 24, seed: 9)
        let index = try makeIndex(dimension: 24)
        try fill(index, ids: 0 ..< 8_000, &vectors)
        index.arrangeFully()
        var live = Set((0 ..< 8_000).map(UInt64.init))
        for step in 0 ..< 30 {
            let gone = live.sorted().filter { ($0 &* 31 + UInt64(step)) % 47 == 0 }
            try index.apply(makeDeletes(gone))
            live.subtract(gone)
            if step % 3 == 0 { index.arrange(rowLimit: 500) }
            if step % 5 == 0 { index.compact() }
            for _ in 0 ..< 10 {
                let result = try index.search(SearchRequest(vector: vectors.next(), resultLimit: 40))
                #expect(result.ids.count == 40 && live.isSuperset(of: result.ids))
                #expect(result.matchedRowCount == live.count)
            }
        }
    }

    @Test func `give their memory back when few are left`() throws {
        var vectors = ClusteredVectors(dimension: 24, seed: 10)
        let index = try makeIndex(dimension: 24)
        try fill(index, ids: 0 ..< 20_000, &vectors)
        index.arrangeFully()
        #expect(index.statistics.arrangementBytes > 0)
        try index.apply(makeDeletes((0 ..< 14_000).map(UInt64.init)))
        index.arrangeFully()
        let arranged = try #require(index.view.arrangement)
        #expect(arranged.arrangement.rowCount + arranged.restRowCount < 8_000)
        try index.apply(makeDeletes((14_000 ..< 19_500).map(UInt64.init)))
        index.arrangeFully()
        #expect(index.view.arrangement == nil && index.statistics.arrangementBytes == 0)
        #expect(try index.search(SearchRequest(vector: vectors.next(), resultLimit: 1_000)).ids.count == 500)
    }

    /// Filters that have nothing to do with the vectors, and filters that are all about them.
    @Test(arguments: [1, 5, 25, 100, 1_000, 10_000])
    func `satisfy a filter of any selectivity without loss`(oneOf: Int) throws {
        let columns = [FilterColumn(name: "number", type: .number), FilterColumn(name: "side", type: .boolean)]
        var vectors = ClusteredVectors(dimension: 64, seed: UInt64(oneOf))
        let index = try makeIndex(dimension: 64, columns: columns)
        for start in stride(from: 0, to: 30_000, by: 1_000) {
            let rows = (start ..< start + 1_000).map { (id: UInt64($0), vector: vectors.next()) }
            var batch = makeUpserts(rows)
            batch.columns = [
                ColumnBatch(
                    counts: Array(repeating: 1, count: 1_000),
                    values: .numbers(rows.map { Double(SeededGenerator.mixed($0.id) % UInt64(oneOf)) }))!,
                ColumnBatch(
                    counts: Array(repeating: 1, count: 1_000), values: .booleans(rows.map { $0.vector[0] > 1.5 }))!,
            ]
            try index.apply(batch)
        }
        index.arrangeFully()
        let filter = Filter.compare(field: "number", .equal, .number(0))
        #expect(try recall(index, &vectors, filter: filter) >= 0.98)
        let correlated = Filter.all([filter, .compare(field: "side", .equal, .boolean(true))])
        let correlatedRecall = try recall(index, &vectors, filter: correlated)
        #expect(correlatedRecall >= 0.98)
        #expect(try index.search(SearchRequest(vector: vectors.next(), filter: .any([]))).ids.isEmpty)
    }

    /// Rows of a few topics pass, of which some are wide and most are far from the query, and the vectors have far fewer
    /// dimensions than components, as embeddings do: rows then lie further from their lists' centroids in any direction.
    @Test(arguments: Metric.allCases, [1, 3, 10])
    func `satisfy a filter that goes with vectors of few dimensions without loss`(metric: Metric, topicCount: Int) throws {
        let dimension = 64, latentDimension = 20, allTopicCount = 40
        var generator = SeededGenerator(seed: UInt64(topicCount))
        let map = (0 ..< latentDimension).map { _ in generator.vector(dimension) }
        let centres = (0 ..< allTopicCount).map { _ in generator.vector(latentDimension) }
        func next(_ topic: Int) -> [Float] {
            let spread = 0.3 + 0.7 * Float(topic) / Float(allTopicCount)
            let latent = zip(centres[topic], generator.vector(latentDimension, magnitude: spread)).map { $0 + $1 }
            var vector = generator.vector(dimension, magnitude: 0.3)
            for (weight, direction) in zip(latent, map) {
                for index in 0 ..< dimension { vector[index] += weight * direction[index] }
            }
            return vector
        }
        let index = try makeIndex(
            dimension: dimension, metric: metric, columns: [FilterColumn(name: "topic", type: .number)])
        for start in stride(from: 0, to: 20_000, by: 1_000) {
            let topics = (start ..< start + 1_000).map { Int(SeededGenerator.mixed(UInt64($0)) % UInt64(allTopicCount)) }
            var batch = makeUpserts(zip(start ..< start + 1_000, topics).map { (UInt64($0), next($1)) })
            batch.columns = [
                ColumnBatch(counts: topics.map { _ in 1 }, values: .numbers(topics.map(Double.init)))!
            ]
            try index.apply(batch)
        }
        index.arrangeFully()
        let filter = Filter.compare(field: "topic", .lessThan, .number(Double(topicCount)))
        var found = 0, wanted = 0, scannedShare = 0.0
        for query in 0 ..< 100 {
            var request = SearchRequest(vector: next(query % allTopicCount), filter: filter)
            let result = try index.search(request)
            request.isExact = true
            let exact = try index.search(request)
            found += Set(result.ids).intersection(exact.ids).count
            wanted += exact.ids.count
            scannedShare += Double(result.scannedRowCount) / 20_000 / 100
        }
        #expect(Double(found) / Double(wanted) >= 0.98)
        #expect(scannedShare < 0.9)
    }

    /// The bound of the paper: an estimate is off by a normal error of the deviation that is kept with the row.
    @Test func `have coarse bounds that hold as often as a normal error says`() throws {
        var vectors = ClusteredVectors(dimension: 128, seed: 12)
        let index = try makeIndex(dimension: 128, metric: .dot)
        try fill(index, ids: 0 ..< 5_000, &vectors)
        index.arrangeFully()
        // Every list is visited with a bound of one deviation, and 84 % of the estimates are no further off than that.
        let arranged = try #require(index.view.arrangement)
        var above = 0, total = 0
        for _ in 0 ..< 20 {
            let query = try index.prepare(SearchRequest(vector: vectors.next()))
            for (row, bound) in coarseBounds(arranged, query: query, deviations: 1) {
                let place = arranged.layers[0].layer.places[row]
                let segment = index.view.segments[arranged.layers[0].segmentIndex(ofSlot: Int(place >> 16))!]
                above += query.score(of: segment.codes, row: Int(place & 0xffff)) > bound ? 1 : 0
                total += 1
            }
        }
        #expect(total == 20 * 5_000)
        #expect(abs(Double(above) / Double(total) - 0.159) < 0.03)
    }

    private func coarseBounds(
        _ arranged: ArrangementView, query: PreparedQuery, deviations: Float
    ) -> [(row: Int, bound: Float)] {
        let partitioning = arranged.arrangement.partitioning, layer = arranged.layers[0].layer
        let keys = ListKeys([query], partitioning: partitioning, kernels: .best)
        let memory = ProbeMemory(
            rowStride: query.vector.count, codeDimension: partitioning.rotation.codeDimension, hitCapacity: layer.rowCount)
        let coarse = CoarseQuery(query, partitioning: partitioning, memory: memory, deviationCount: deviations)
        return (0 ..< partitioning.listCount).flatMap { list in
            coarse.bounds(layer, list: list, product: keys.product(ofQuery: 0, list: list), memory: memory)
        }
    }
}

/// A coarse query outside a probe, to look at every bound.
private struct CoarseQuery {
    private var query: kz_coarse_query

    init(_ prepared: PreparedQuery, partitioning: Partitioning, memory: ProbeMemory, deviationCount: Float) {
        query = kz_coarse_query(
            tables: memory.tables.base, step: 0, offset: 0, base: 0, errorWeight: deviationCount * prepared.norm,
            threshold: -.infinity)
        prepared.vector.withUnsafeBufferPointer {
            memory.rotated.base.update(from: $0.baseAddress!, count: min($0.count, memory.rotated.capacity))
        }
        partitioning.rotation.apply(to: memory.rotated.base)
        kz_coarse_make_tables(memory.rotated.base, partitioning.rotation.byteCount, memory.tables.base, &query)
    }

    func bounds(_ layer: CoarseLayer, list: Int, product: Float, memory: ProbeMemory) -> [(row: Int, bound: Float)] {
        var query = query
        query.base = product
        var rows = kz_coarse_rows(
            codes: layer.codes.base, factors: layer.factors.base, errors: layer.errors.base, biases: nil,
            byteCount: layer.byteCount)
        let count = KernelSet.best.coarseScan(
            &rows, &query, Int(layer.starts[list]), Int(layer.starts[list + 1]), memory.hitRows.base,
            memory.hitBounds.base)
        return (0 ..< count).map { (Int(memory.hitRows.base[$0]), memory.hitBounds.base[$0]) }
    }
}
