/// The rows found for one query, best first; equal scores by ascending id. A row is in it at most once.
public struct SearchResult: Sendable, Hashable {
    /// How sure it is that no better row was missed.
    public enum Guarantee: Sendable, Hashable {
        /// Every row that satisfies the filter was compared by its int8 codes.
        case exact
        /// Lists of rows were left out, and rows whose coarse code said they are too far. The share of the true nearest
        /// rows expected in the result, 0 ..< 1: what searches with the same target found that were made for a sample of the
        /// rows themselves when they were arranged, rows that had no say in how far a search goes. Queries unlike all
        /// rows may find less; with a filter, no more than without one is counted on.
        case estimatedRecall(Float)
    }

    public var ids: [UInt64]
    /// One for each id, in the metric's unit: see `Metric`.
    public var scores: [Float]
    /// Rows whose codes, fine or coarse, were read: in the scan of all rows, those of blocks of 16 with a live row that
    /// satisfies the filter; in lists, all.
    public var scannedRowCount: Int
    /// Live rows that satisfy the filter; without one, all live rows. `minimumScore` does not count here.
    public var matchedRowCount: Int
    public var guarantee: Guarantee

    public init(
        ids: [UInt64], scores: [Float], scannedRowCount: Int, matchedRowCount: Int, guarantee: Guarantee = .exact
    ) {
        self.ids = ids
        self.scores = scores
        self.scannedRowCount = scannedRowCount
        self.matchedRowCount = matchedRowCount
        self.guarantee = guarantee
    }
}
