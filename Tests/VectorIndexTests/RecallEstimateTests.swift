import RecordSchema
import Testing

@testable import VectorIndex

@Suite("Estimated recall") struct RecallEstimateTests {
    private func makeArranged(
        dimension: Int, metric: Metric = .cosine, rowCount: Int = 12_000, _ vectors: inout ClusteredVectors
    ) throws -> VectorIndex {
        let index = try makeIndex(dimension: dimension, metric: metric)
        for start in stride(from: 0, to: rowCount, by: 1_000) {
            try index.apply(makeUpserts((start ..< start + 1_000).map { (UInt64($0), vectors.next()) }))
        }
        index.arrangeFully()
        #expect(index.view.arrangement != nil)
        return index
    }

    /// The recall of searches for queries that the index has never seen, and the mean of what they promised.
    private func recall(
        _ index: VectorIndex, _ vectors: inout ClusteredVectors, resultLimit: Int, target: Float, queryCount: Int = 200
    ) throws -> (measured: Double, promised: Double) {
        var found = 0, wanted = 0, promised = 0.0
        for _ in 0 ..< queryCount {
            var request = SearchRequest(vector: vectors.next(), resultLimit: resultLimit, recallTarget: target)
            let result = try index.search(request)
            request.isExact = true
            let exact = try index.search(request)
            found += Set(result.ids).intersection(exact.ids).count
            wanted += exact.ids.count
            switch result.guarantee {
            case .exact:
                #expect(result == exact)
                promised += 1
            case .estimatedRecall(let recall):
                #expect(recall > 0 && recall < 1)
                promised += Double(recall)
            }
        }
        return (Double(found) / Double(wanted), promised / Double(queryCount))
    }

    /// Within four standard errors of 64 rows tried out and 200 queries here, whose neighbours are missed together.
    @Test(arguments: Metric.allCases, [(10, Float(0.5)), (10, 0.9), (10, 0.97), (100, 0.8), (37, 0.95)])
    func `is what new queries find`(metric: Metric, search: (resultLimit: Int, target: Float)) throws {
        var vectors = ClusteredVectors(dimension: 48, seed: 31)
        let index = try makeArranged(dimension: 48, metric: metric, &vectors)
        let (measured, promised) = try recall(
            index, &vectors, resultLimit: search.resultLimit, target: search.target)
        #expect(abs(measured - promised) < 0.06)
    }

    /// Few components make coarse codes that tell little: whatever the search is set to, the promise is what comes of it.
    @Test(arguments: [16, 20]) func `is no echo of the target`(dimension: Int) throws {
        var vectors = ClusteredVectors(dimension: dimension, seed: 7, centreCount: 3)
        let index = try makeArranged(dimension: dimension, &vectors)
        for target: Float in [0.5, 0.8, 0.95] {
            let (measured, promised) = try recall(index, &vectors, resultLimit: 10, target: target)
            #expect(abs(measured - promised) < 0.06)
            #expect(promised != Double(target))
        }
    }

    @Test func `rises with the target and never reaches certainty`() throws {
        var vectors = ClusteredVectors(dimension: 32, seed: 5)
        let index = try makeArranged(dimension: 32, &vectors)
        let calibration = try #require(index.view.arrangement).arrangement.calibration
        for depth in [1.0, 10, 30, 100, 500, 5_000] {
            let expected = stride(from: Float(0.5), through: 0.999, by: 0.01).map {
                calibration.expectedRecall(target: $0, neighbourCount: depth)
            }
            #expect(zip(expected, expected.dropFirst()).allSatisfy { $1 >= $0 - 0.01 })
            #expect(expected.allSatisfy { $0 > 0 && $0 < 1 })
        }
    }

    @Test func `stays when layers are added and merged`() throws {
        var vectors = ClusteredVectors(dimension: 32, seed: 6)
        let index = try makeArranged(dimension: 32, &vectors)
        let request = SearchRequest(vector: vectors.next())
        let before = try index.search(request).guarantee
        for start in stride(from: 12_000, to: 18_000, by: 1_000) {
            try index.apply(makeUpserts((start ..< start + 1_000).map { (UInt64($0), vectors.next()) }))
            index.arrangeFully()
        }
        #expect(try index.search(request).guarantee == before)
    }

    // MARK: Samples

    @Test func `of a sample is counted over the same rows`() throws {
        var vectors = ClusteredVectors(dimension: 32, seed: 8)
        let index = try makeArranged(dimension: 32, &vectors)
        var foundTotal = 0, wantedTotal = 0
        for _ in 0 ..< 60 {
            var request = SearchRequest(vector: vectors.next(), recallTarget: 0.8)
            let sample = try index.recallSample(of: request)
            let result = try index.search(request)
            request.isExact = true
            let found = Set(result.ids).intersection(try index.search(request).ids).count
            #expect(sample.wantedCount == 10 && sample.foundCount == found)
            #expect(result.guarantee == .estimatedRecall(try #require(sample.estimatedRecall)))
            foundTotal += sample.foundCount
            wantedTotal += sample.wantedCount
        }
        #expect(foundTotal < wantedTotal)
    }

    @Test func `of a sample that was exact is none`() throws {
        let index = try makeFilledIndex(rowCount: 500, dimension: 16)
        let sample = try index.recallSample(of: SearchRequest(vector: Array(repeating: 1, count: 16)))
        #expect(sample == RecallSample(foundCount: 10, wantedCount: 10, estimatedRecall: nil))
        let empty = try makeIndex(dimension: 16).recallSample(of: SearchRequest(vector: Array(repeating: 1, count: 16)))
        #expect(empty.wantedCount == 0)
        #expect(throws: IndexError.resultLimitOutOfRange(0)) {
            try index.recallSample(of: SearchRequest(vector: Array(repeating: 1, count: 16), resultLimit: 0))
        }
    }
}
