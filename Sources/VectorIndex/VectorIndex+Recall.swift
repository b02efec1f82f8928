extension VectorIndex {
    /// Answers one query twice over the same rows, as it asks and by comparing all of them, to see what the first finds.
    ///
    /// Meant for a sample of the live queries, on a thread of low priority: it takes as long as an exact search.
    public func recallSample(of request: SearchRequest) throws(IndexError) -> RecallSample {
        let view = view
        func result(_ request: SearchRequest) throws(IndexError) -> SearchResult {
            QueryBatch(view: view, queries: [try prepare(request)]).results()[0]
        }
        let asked = try result(request)
        guard case .estimatedRecall(let estimatedRecall) = asked.guarantee else {
            return RecallSample(foundCount: asked.ids.count, wantedCount: asked.ids.count, estimatedRecall: nil)
        }
        var exactRequest = request
        exactRequest.isExact = true
        let exact = try result(exactRequest)
        // By score, so that of rows that are equally near any will do: a row has the same score in both.
        let foundCount = exact.scores.last.map { least in asked.scores.count { $0 >= least } } ?? 0
        return RecallSample(
            foundCount: min(foundCount, exact.ids.count), wantedCount: exact.ids.count, estimatedRecall: estimatedRecall)
    }
}

/// What the answer to one query had of the true nearest rows.
public struct RecallSample: Sendable, Hashable {
    public var foundCount: Int
    /// The query's `resultLimit`, or as many rows as there are for it.
    public var wantedCount: Int
    /// What the answer promised; nil where it was exact.
    public var estimatedRecall: Float?

    public init(foundCount: Int, wantedCount: Int, estimatedRecall: Float?) {
        self.foundCount = foundCount
        self.wantedCount = wantedCount
        self.estimatedRecall = estimatedRecall
    }
}
