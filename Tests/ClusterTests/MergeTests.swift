import Testing

@testable import Cluster

@Suite("Merging")
struct MergeTests {
    private func hits(_ pairs: (Int64, Float)...) -> [ScoredID] { pairs.map { ScoredID(id: $0.0, score: $0.1) } }

    @Test func `puts the best first and equal scores by ascending id`() {
        let merged = HitMerger.merge(
            [hits((5, 0.9), (2, 0.5)), hits((1, 0.9), (9, 0.7)), hits((3, 0.5))], resultLimit: 10)
        #expect(merged == hits((1, 0.9), (5, 0.9), (9, 0.7), (2, 0.5), (3, 0.5)))
    }

    @Test func `counts an id that two shards hold once, with its best score`() {
        let merged = HitMerger.merge([hits((1, 0.9), (2, 0.4)), hits((2, 0.8), (1, 0.3))], resultLimit: 3)
        #expect(merged == hits((1, 0.9), (2, 0.8)))
    }

    @Test func `of nothing is nothing`() {
        #expect(HitMerger.merge([], resultLimit: 10) == [])
        #expect(HitMerger.merge([[], []], resultLimit: 10) == [])
    }

    @Test(arguments: [1, 31, 32, 33, 64, 1000])
    func `is the sorted union without repeats, cut to the limit`(resultLimit: Int) {
        var random = SimulationRandom(seed: 11)
        for listCount in [1, 2, 7] {
            var lists: [[ScoredID]] = []
            for _ in 0..<listCount {
                let list = (0..<resultLimit).map { _ in
                    ScoredID(id: Int64(random.int(0...(resultLimit * 2))), score: Float(random.int(0...9)) / 8)
                }
                lists.append(list.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id })
            }
            var best: [Int64: Float] = [:]
            for hit in lists.joined() { best[hit.id] = max(best[hit.id] ?? -1, hit.score) }
            let expected = best.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(resultLimit)
            let merged = HitMerger.merge(lists, resultLimit: resultLimit)
            #expect(merged.map(\.id) == expected.map(\.key))
            #expect(merged.map(\.score) == expected.map(\.value))
        }
    }

    @Test func `sorts a list that came out of order`() {
        #expect(
            HitMerger.checked(hits((2, 0.1), (1, 0.9), (3, 0.9)), resultLimit: 3) == hits((1, 0.9), (3, 0.9), (2, 0.1)))
    }

    @Test func `is as sure as the least sure of its parts`() {
        let ascending: [ResultGuarantee] = [.unknown, .estimatedRecall(0.5), .estimatedRecall(0.9), .exact]
        for (i, a) in ascending.enumerated() {
            for (j, b) in ascending.enumerated() { #expect(a.lesser(b) == ascending[min(i, j)]) }
        }
    }

    @Test(arguments: [
        ([ResultGuarantee.exact, .exact], ResultGuarantee.exact), ([.exact, .estimatedRecall(0.9)], .estimatedRecall(0.9)),
        ([.estimatedRecall(0.7), .estimatedRecall(0.9)], .estimatedRecall(0.7)), ([.exact, .unknown], .unknown),
    ])
    func `of shards tells how sure it is`(shards: [ResultGuarantee], expected: ResultGuarantee) {
        var driver = ClusterDriver()
        for shard in 0...1 { driver.announce("w\(shard)", shard: shard, of: 2) }
        _ = driver.start()
        for dispatch in driver.takeSends() { driver.answer(dispatch, guarantee: shards[dispatch.shardIndex]) }
        let results = driver.take().compactMap { if case .complete(_, let result) = $0 { result } else { nil } }
        #expect(results.map(\.guarantee) == [expected])
    }
}
