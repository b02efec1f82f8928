import Foundation

/// What a system returned for one query.
struct RankedDocument: Sendable, Equatable {
    let id: String
    let score: Float
}

/// How good a ranking is, as trec_eval (and through it BEIR) computes it: linear gain, discount log2(rank + 1), documents
/// without a judgement not relevant, a judgement below 1 not relevant. Järvelin and Kekäläinen 2002,
/// doi:10.1145/582415.582418, in trec_eval's form, where the first rank is discounted by log2 2.
struct RetrievalMetrics: Sendable, Equatable {
    /// 0...1 each.
    var ndcgAt10 = 0.0
    var recallAt100 = 0.0
    /// 1 / rank of the first relevant document, over the whole ranking.
    var reciprocalRank = 0.0
    var precisionAt1 = 0.0
    /// Over the whole ranking.
    var averagePrecision = 0.0

    /// All zero: the value of a query that found nothing.
    init() {}

    /// - Parameters:
    ///   - documents: In any order; each id at most once.
    ///   - gains: The judgements of this query by document id.
    init(documents: [RankedDocument], gains: [String: Int]) {
        let relevantCount = gains.values.count { $0 >= 1 }
        guard relevantCount > 0 else { return }
        let ranking = Self.sorted(documents)
        var foundCount = 0
        var gained = 0.0
        for (index, document) in ranking.enumerated() {
            let gain = gains[document.id] ?? 0
            guard gain >= 1 else { continue }
            foundCount += 1
            if index < 10 { gained += Double(gain) / Self.discount(index) }
            if index < 100 { recallAt100 += 1 / Double(relevantCount) }
            if index == 0 { precisionAt1 = 1 }
            if foundCount == 1 { reciprocalRank = 1 / Double(index + 1) }
            averagePrecision += Double(foundCount) / Double(index + 1) / Double(relevantCount)
        }
        let best = gains.values.filter { $0 >= 1 }.sorted(by: >).prefix(10)
        ndcgAt10 = gained / best.enumerated().reduce(0) { $0 + Double($1.element) / Self.discount($1.offset) }
    }

    /// - Parameter index: From 0.
    private static func discount(_ index: Int) -> Double { log2(Double(index + 2)) }

    /// By falling score; equal scores by falling id, byte by byte. So does trec_eval, whatever order a system gave.
    static func sorted(_ documents: [RankedDocument]) -> [RankedDocument] {
        documents.sorted { left, right in
            left.score != right.score
                ? left.score > right.score : right.id.utf8.lexicographicallyPrecedes(left.id.utf8)
        }
    }

    /// The mean of each measure; all zero for no queries.
    static func mean(_ all: [RetrievalMetrics]) -> RetrievalMetrics {
        var mean = RetrievalMetrics()
        guard !all.isEmpty else { return mean }
        let count = Double(all.count)
        mean.ndcgAt10 = all.reduce(0) { $0 + $1.ndcgAt10 } / count
        mean.recallAt100 = all.reduce(0) { $0 + $1.recallAt100 } / count
        mean.reciprocalRank = all.reduce(0) { $0 + $1.reciprocalRank } / count
        mean.precisionAt1 = all.reduce(0) { $0 + $1.precisionAt1 } / count
        mean.averagePrecision = all.reduce(0) { $0 + $1.averagePrecision } / count
        return mean
    }
}
