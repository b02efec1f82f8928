import VectorIndex

/// An index that was read from a snapshot, and how far it had applied the feed.
struct RestoredIndex: Sendable {
    let index: VectorIndex
    let source: SnapshotSource
    let appliedSeq: UInt64
    let mark: SnapshotMark
}
