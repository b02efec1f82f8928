import Logging
import VectorIndex
import WireProtocol

extension HeldReplica {
    /// What a snapshot would have now.
    var snapshotContent: SnapshotSchedule.Content {
        let progress = progress
        return SnapshotSchedule.Content(
            hasCaughtUp: progress.hasCaughtUp, liveRowCount: index.statistics.liveRowCount,
            appliedRowCount: progress.appliedRowCount, mark: index.snapshotMark)
    }

    /// Where it began and what it had to pull, for the log line of the moment in which it is ready; nil at all others.
    func takeStartMetadata() -> Logger.Metadata? {
        guard takeStart() else { return nil }
        let progress = progress
        var metadata: Logger.Metadata = [
            "collection": "\(info.name)", "seq": .stringConvertible(progress.appliedSeq),
            "rows": .stringConvertible(index.statistics.liveRowCount),
            "pulled_rows": .stringConvertible(progress.appliedRowCount),
        ]
        if let restoredSeq { metadata["snapshot_seq"] = .stringConvertible(restoredSeq) }
        return metadata
    }
}
