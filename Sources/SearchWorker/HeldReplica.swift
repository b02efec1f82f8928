import NIOConcurrencyHelpers
import RecordSchema
import VectorIndex
import WireProtocol

/// One shard of one collection in this worker's memory: the index, and how far it has applied the feed.
///
/// Bound to one generation of one store. When the gateway has another, the replica is thrown away whole and a new one
/// reads the feed from its beginning.
final class HeldReplica: Sendable {
    let info: CollectionInfo
    let storeID: String
    let shard: ShardPlace
    let index: VectorIndex
    /// What replays of its searches found.
    let recall = RecallWindow()
    private let arranger: BackgroundArranger

    private struct State {
        var appliedSeq: UInt64 = 0
        /// The head that a gateway named last.
        var headSeq: UInt64 = 0
        /// Whether it once reached the head. A replica that has stays ready when writes come in: it is a moment behind.
        var hasCaughtUp = false
        /// Since this process began.
        var appliedRowCount = 0
        var isDraining = false
        var waiting: [WaitingSearch] = []
    }

    private let state = NIOLockedValueBox(State())
    /// What it began with; nil: it began empty.
    private let restored: (seq: UInt64, mark: SnapshotMark)?
    private let waitingCountMax: Int
    /// Asks whoever follows the feed to pull now; set by it, before the replica is searched.
    private let pullNow = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

    var onMissing: (@Sendable () -> Void)? {
        get { pullNow.withLockedValue { $0 } }
        set { pullNow.withLockedValue { $0 = newValue } }
    }

    /// A search that names a write not applied yet.
    struct WaitingSearch: Sendable {
        let minSeq: UInt64
        let deadline: ContinuousClock.Instant
        /// Called once, from whichever thread sees the end of the wait; `true`: the write is applied.
        let resume: @Sendable (Bool) -> Void
    }

    /// Goes on with `restored`, which is of this very replica, or begins empty. Fails where the index does not take such
    /// vectors.
    init(
        _ info: CollectionInfo, storeID: String, shard: ShardPlace, waitingCountMax: Int, arranger: BackgroundArranger,
        restored: RestoredIndex? = nil
    ) throws(IndexError) {
        self.info = info
        self.storeID = storeID
        self.shard = shard
        self.waitingCountMax = waitingCountMax
        self.arranger = arranger
        self.restored = restored.map { ($0.appliedSeq, $0.mark) }
        if let restored {
            index = restored.index
            state.withLockedValue { $0.appliedSeq = restored.appliedSeq }
            // Part of it may have been written before it was arranged.
            arranger.arrange(index)
        } else {
            index = VectorIndex(
                try VectorIndexConfiguration(
                    dimension: info.dimension, metric: Metric(info.metric), columns: info.columns))
        }
    }

    /// Whether it may go on under what the gateway says now.
    func isCurrent(_ info: CollectionInfo, storeID: String) -> Bool {
        self.storeID == storeID && self.info.generation == info.generation
    }

    var appliedSeq: UInt64 { state.withLockedValue(\.appliedSeq) }

    /// Whether a gateway has named a head that is not applied yet.
    var isBehind: Bool { state.withLockedValue { $0.appliedSeq < $0.headSeq } }

    /// Takes note of a head. Returns whether there is something to pull.
    @discardableResult
    func noticeHead(_ headSeq: UInt64) -> Bool {
        state.withLockedValue { state in
            state.headSeq = max(state.headSeq, headSeq)
            return state.appliedSeq < state.headSeq
        }
    }

    /// Applies a page of the feed and lets the searches go on that waited for it.
    ///
    /// - Returns: Whether the replica became ready with it.
    func apply(_ page: FeedPage) throws(IndexError) -> Bool {
        if page.rowCount > 0 {
            try index.apply(RowBatch(page, columns: info.columns))
            if !state.withLockedValue(\.isDraining) { arranger.arrange(index) }
        }
        let (ready, satisfied) = state.withLockedValue { state in
            state.appliedSeq = max(state.appliedSeq, page.scannedToSeq)
            state.appliedRowCount += page.rowCount
            state.headSeq = max(state.headSeq, page.headSeq)
            let becameReady = !state.hasCaughtUp && page.scannedToSeq >= page.headSeq
            if becameReady { state.hasCaughtUp = true }
            let appliedSeq = state.appliedSeq
            let satisfied = state.waiting.filter { $0.minSeq <= appliedSeq }
            if !satisfied.isEmpty { state.waiting.removeAll { $0.minSeq <= appliedSeq } }
            return (becameReady, satisfied)
        }
        for search in satisfied { search.resume(true) }
        return ready
    }

    /// Calls `resume` when `minSeq` is applied, at once where it is. Returns `false` when too many wait already.
    func wait(for search: WaitingSearch) -> Bool {
        enum Decision { case now, later, refused }
        let decision: Decision = state.withLockedValue { state in
            if state.appliedSeq >= search.minSeq { return .now }
            guard state.waiting.count < waitingCountMax else { return .refused }
            state.waiting.append(search)
            return .later
        }
        switch decision {
        case .now: search.resume(true)
        // The write may be another collection's, of which no nudge comes here.
        case .later: onMissing?()
        case .refused: break
        }
        return decision != .refused
    }

    /// Ends the waits whose time is over.
    func expireWaits(at now: ContinuousClock.Instant) {
        let expired = state.withLockedValue { state in
            guard state.waiting.contains(where: { $0.deadline <= now }) else { return [WaitingSearch]() }
            let expired = state.waiting.filter { $0.deadline <= now }
            state.waiting.removeAll { $0.deadline <= now }
            return expired
        }
        for search in expired { search.resume(false) }
    }

    /// Ends all waits and the arranging; from now on the replica says that it wants no more.
    func drain() {
        let waiting = state.withLockedValue { state in
            state.isDraining = true
            defer { state.waiting = [] }
            return state.waiting
        }
        arranger.forget(index)
        for search in waiting { search.resume(false) }
    }

    /// The seq and the arrangement of the snapshot that it began with.
    var restoredSeq: UInt64? { restored?.seq }
    var restoredMark: SnapshotMark? { restored?.mark }

    /// How far it is, and the rows that it has applied since this process began.
    var progress: (appliedSeq: UInt64, appliedRowCount: Int, hasCaughtUp: Bool) {
        state.withLockedValue { ($0.appliedSeq, $0.appliedRowCount, $0.hasCaughtUp) }
    }

    /// What the worker announces of it.
    var report: Replica {
        let statistics = index.statistics
        let (appliedSeq, stateNow): (UInt64, ReplicaState) = state.withLockedValue { state in
            if state.isDraining { return (state.appliedSeq, .draining) }
            if state.hasCaughtUp { return (state.appliedSeq, .ready) }
            return (state.appliedSeq, state.appliedSeq == 0 ? .starting : .catchingUp)
        }
        return Replica(
            collection: info.name, shard: shard, appliedSeq: appliedSeq, state: stateNow,
            vectorCount: UInt64(statistics.liveRowCount), memoryBytes: UInt64(statistics.totalBytes), storeID: storeID,
            generation: info.generation, recallAt10: recall.measuredRecall, recallReplayCount: recall.replayCount)
    }
}

extension Metric {
    init(_ metric: VectorMetric) {
        switch metric {
        case .cosine: self = .cosine
        case .dot: self = .dot
        case .euclidean: self = .euclidean
        }
    }
}

extension RowBatch {
    /// A page without upserts leaves its columns out; the index wants one batch for each.
    fileprivate init(_ page: FeedPage, columns: [FilterColumn]) {
        self.init(
            ids: page.ids, kinds: page.kinds.map { $0 == .upsert ? .upsert : .delete }, vectors: page.vectors,
            columns: page.columns.isEmpty ? columns.map { ColumnBatch(type: $0.type) } : page.columns)
    }
}
