import VectorIndex

/// When one replica is worth another snapshot. Pure: it is told the time.
///
/// A snapshot saves the next start from pulling what changed before it, so it is due once enough has changed; and from
/// arranging the rows again, so it is due once they are. Writing takes a small share of the time whatever happens.
struct SnapshotSchedule {
    /// What a replica is like at one moment.
    struct Content {
        /// Whether it once reached the head of the feed.
        var hasCaughtUp: Bool
        var liveRowCount: Int
        /// Rows of the feed that it has applied since this process began.
        var appliedRowCount: Int
        var mark: SnapshotMark
    }

    /// So many changed rows are enough, or a share of all if that is more.
    static let changedRowCountMin = 10_000, changedShare = 10
    /// Between the end of one snapshot and the begin of the next; and after which any change is enough.
    static let intervalMin = Duration.seconds(60), intervalMax = Duration.seconds(600)
    /// Times what the last one took, the shortest pause after it.
    static let pauseFactor = 20
    static let retryDelayMax = Duration.seconds(900)

    private struct Written {
        var appliedRowCount: Int
        var mark: SnapshotMark
    }

    /// The last one that is on disk.
    private var written: Written?
    private var notBefore: ContinuousClock.Instant?
    private var lastEnd: ContinuousClock.Instant
    private var retryDelay: Duration?

    /// - Parameter restored: The mark of the snapshot that the replica was read from; nil: it began empty.
    init(restored: SnapshotMark?, now: ContinuousClock.Instant) {
        written = restored.map { Written(appliedRowCount: 0, mark: $0) }
        lastEnd = now
    }

    /// Whether a snapshot should be begun now.
    func isDue(_ content: Content, now: ContinuousClock.Instant) -> Bool {
        guard content.hasCaughtUp, hasChanged(content), now >= notBefore ?? now else { return false }
        guard let written else { return true }
        if now - lastEnd >= Self.intervalMax { return true }
        guard now - lastEnd >= Self.intervalMin else { return false }
        let changedRowCount = content.appliedRowCount - written.appliedRowCount
        return changedRowCount >= max(Self.changedRowCountMin, content.liveRowCount / Self.changedShare)
            || content.mark.partitionedRowCount != written.mark.partitionedRowCount
    }

    /// Whether there is anything that the last one does not have.
    func hasChanged(_ content: Content) -> Bool {
        guard let written else { return content.appliedRowCount > 0 }
        return content.appliedRowCount != written.appliedRowCount || content.mark != written.mark
    }

    /// - Parameters:
    ///   - appliedRowCount: As it was before the writing began.
    ///   - took: How long it was written.
    mutating func wrote(appliedRowCount: Int, mark: SnapshotMark, took: Duration, now: ContinuousClock.Instant) {
        written = Written(appliedRowCount: appliedRowCount, mark: mark)
        lastEnd = now
        notBefore = now + took * Self.pauseFactor
        retryDelay = nil
    }

    /// Returns how long to wait before the next try.
    mutating func failed(now: ContinuousClock.Instant) -> Duration {
        let delay = min(retryDelay.map { $0 * 2 } ?? Self.intervalMin, Self.retryDelayMax)
        retryDelay = delay
        notBefore = now + delay
        return delay
    }
}
