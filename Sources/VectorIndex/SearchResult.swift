/// The rows found for one query, best first; equal scores by ascending id. A row is in it at most once.
public struct SearchResult: Sendable, Hashable {
    public var ids: [UInt64]
    /// One for each id, in the metric's unit: see `Metric`.
    public var scores: [Float]
    /// Rows in the blocks that were read: blocks without a live row that satisfies the filter are skipped.
    public var scannedRowCount: Int
    /// Live rows that satisfy the filter; without one, all live rows. `minimumScore` does not count here.
    public var matchedRowCount: Int

    public init(ids: [UInt64], scores: [Float], scannedRowCount: Int, matchedRowCount: Int) {
        self.ids = ids
        self.scores = scores
        self.scannedRowCount = scannedRowCount
        self.matchedRowCount = matchedRowCount
    }
}
