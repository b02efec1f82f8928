extension VectorIndex {
    /// Writes what searches see now to a file, as proto-docs/snapshot.md says, in place of the one that is there; what
    /// was there stays when it fails. Blocks neither searches nor `apply`, and holds the memory of what it writes.
    ///
    /// - Parameters:
    ///   - path: In a directory that there is. The unfinished file beside it is called `path` and `.partial`.
    ///   - appliedSeq: Changes up to here have been applied before the call.
    ///   - isCancelled: Asked after every few megabytes; the answer true ends the writing with `cancelled`.
    /// - Complexity: O(bytes): reads the memory once, and waits for the disk.
    @discardableResult
    public func writeSnapshot(
        to path: String, source: SnapshotSource, appliedSeq: UInt64, isCancelled: () -> Bool = { false }
    ) throws(SnapshotError) -> SnapshotSummary {
        let view = view
        let manifest = SnapshotManifest(view, source: source, appliedSeq: appliedSeq, configuration: configuration)
        let fileBytes = try withoutActuallyEscaping(isCancelled) { isCancelled throws(SnapshotError) in
            try SnapshotWriter(path: path, isCancelled: isCancelled)
                .write(view, manifest: manifest, configuration: configuration)
        }
        return SnapshotSummary(liveRowCount: view.liveRowCount, fileBytes: fileBytes, mark: SnapshotMark(view))
    }

    /// What a snapshot written now would have beside the rows.
    public var snapshotMark: SnapshotMark { SnapshotMark(view) }
}
