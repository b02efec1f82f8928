public import RecordSchema

/// One page of the changes of a shard, in `seq` order: what an index applies.
///
/// A record appears once, with its last change. Whoever applies pages from `afterSeq` 0 on, each from the page's
/// `scannedToSeq`, ends with the shard's content; a page applied twice does no harm.
public struct FeedRows: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// The record is now this.
        case upsert
        /// The record is gone, or has no vector any more: nothing of it is to be found.
        case remove
    }

    /// One entry a row, in `seq` order.
    public var ids: [Int64]
    /// Strictly ascending.
    public var seqs: [Int64]
    public var kinds: [Kind]
    /// The vectors of the upserts alone, `dimension` components each, in row order.
    public var vectors: [Float]
    /// One batch for each filter column, in the collection's order, each with one row for each upsert.
    public var columns: [ColumnBatch]
    /// The store's last sequence number at the snapshot, of whatever collection.
    public var headSeq: Int64
    /// Every change of the shard up to here is in this page or an earlier one. Equal to `headSeq` when nothing was
    /// left out for the limits; the next page begins after it. It can grow though the page is empty.
    public var scannedToSeq: Int64
    /// `VectorState.generation` of the vectors: pages of two generations do not belong together.
    public var vectorGeneration: Int

    public init(
        ids: [Int64] = [], seqs: [Int64] = [], kinds: [Kind] = [], vectors: [Float] = [],
        columns: [ColumnBatch] = [], headSeq: Int64, scannedToSeq: Int64, vectorGeneration: Int = 0
    ) {
        self.ids = ids
        self.seqs = seqs
        self.kinds = kinds
        self.vectors = vectors
        self.columns = columns
        self.headSeq = headSeq
        self.scannedToSeq = scannedToSeq
        self.vectorGeneration = vectorGeneration
    }

    public var rowCount: Int { ids.count }
}
