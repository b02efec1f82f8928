/// What a snapshot is of: one shard of one generation of a store's collection. Whoever reads one compares it with what it
/// wants to hold, and with any difference has to begin again from nothing.
public struct SnapshotSource: Sendable, Hashable {
    public var storeID: String
    public var collection: String
    public var generation: UInt64
    /// 0..<`shardCount`.
    public var shardIndex: Int
    public var shardCount: Int

    public init(storeID: String, collection: String, generation: UInt64, shardIndex: Int, shardCount: Int) {
        self.storeID = storeID
        self.collection = collection
        self.generation = generation
        self.shardIndex = shardIndex
        self.shardCount = shardCount
    }
}

/// A snapshot as it was written.
public struct SnapshotSummary: Sendable, Hashable {
    public let liveRowCount: Int
    public let fileBytes: Int
    public let mark: SnapshotMark
}

/// What of an index is worth another snapshot beside its rows: how they are arranged, which takes long to make anew.
public struct SnapshotMark: Sendable, Hashable {
    /// Rows that the partitioning was made for; 0: there is none. No two in a row are made for as many.
    public let partitionedRowCount: Int
    /// Rows in lists.
    public let arrangedRowCount: Int

    public init(partitionedRowCount: Int, arrangedRowCount: Int) {
        self.partitionedRowCount = partitionedRowCount
        self.arrangedRowCount = arrangedRowCount
    }

    init(_ view: IndexView) {
        let arrangement = view.arrangement?.arrangement
        self.init(
            partitionedRowCount: arrangement?.partitioning.trainedRowCount ?? 0, arrangedRowCount: arrangement?.rowCount ?? 0)
    }
}
