public import RecordSchema

/// Changes to an index, in order: the feed's layout, so that a page of it is applied without another copy.
///
/// A later row of an id replaces an earlier one, also inside one batch. Rows that were applied before do no harm.
public struct RowBatch: Sendable {
    public enum Kind: UInt8, Sendable, Hashable {
        case upsert
        case delete
    }

    public var ids: [UInt64]
    /// One for each id.
    public var kinds: [Kind]
    /// `dimension` floats for every upsert, in order, with nothing between.
    public var vectors: [Float]
    /// One for each column of the configuration; its rows are the upserts, in order.
    public var columns: [ColumnBatch]

    public init(ids: [UInt64], kinds: [Kind], vectors: [Float], columns: [ColumnBatch] = []) {
        self.ids = ids
        self.kinds = kinds
        self.vectors = vectors
        self.columns = columns
    }

    public var rowCount: Int { ids.count }
}
