import NIOConcurrencyHelpers
import RecordSchema
import VectorIndex
import WireProtocol

/// One shard of one collection in this worker's memory: the index, and how far it has applied the feed.
///
/// Bound to one generation of one store. When the gateway has another, a new replica reads the feed from its beginning, and
/// takes this one's place: at once, or when it is whole, where this one can answer the same searches until then.
final class HeldReplica: Sendable {
    let info: CollectionInfo
    let storeID: String
    let shard: ShardPlace
    let index: VectorIndex
    /// What replays of its searches found.
    let recall = RecallWindow()
    private let arranger: BackgroundArranger
    private let memory: MemoryBudget

    private struct State {
        var appliedSeq: UInt64 = 0
        /// How far the feed was read: `appliedSeq`, or further while the replica is full.
        var cursorSeq: UInt64 = 0
        var isFull = false
        var pageRowLimit: Int
        /// The head that a gateway named last.
        var headSeq: UInt64 = 0
        /// Whether it once reached the head. A replica that has stays ready when writes come in: it is a moment behind.
        var hasCaughtUp = false
        /// Whether the gateway no longer gives this generation's changes.
        var isFeedOver = false
        /// Since this process began.
        var appliedRowCount = 0
        var hasToldStart = false
        var isDraining = false
        /// What took this replica's place.
        var successor: HeldReplica?
        var waiting: [WaitingSearch] = []
    }

    private let state: NIOLockedValueBox<State>
    /// What it began with; nil: it began empty.
    private let restored: (seq: UInt64, mark: SnapshotMark)?
    private let feedRowLimit: Int
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
        /// Called once, from whichever thread sees the end of the wait, with the replica to search, which may be another than
        /// the one that was asked; `true`: the write is applied.
        let resume: @Sendable (HeldReplica, Bool) -> Void
    }

    /// Goes on with `restored`, which is of this very replica, or begins empty. Fails where the index does not take such
    /// vectors.
    init(
        _ info: CollectionInfo, storeID: String, settings: WorkerSettings, memory: MemoryBudget,
        arranger: BackgroundArranger, restored: RestoredIndex? = nil
    ) throws(IndexError) {
        self.info = info
        self.storeID = storeID
        shard = ShardPlace(index: settings.shardIndex, count: settings.shardCount)
        feedRowLimit = settings.feedRowLimit
        waitingCountMax = settings.waitingSearchCountMax
        state = NIOLockedValueBox(State(pageRowLimit: settings.feedRowLimit))
        self.memory = memory
        self.arranger = arranger
        self.restored = restored.map { ($0.appliedSeq, $0.mark) }
        if let restored {
            index = restored.index
            state.withLockedValue { state in
                state.appliedSeq = restored.appliedSeq
                state.cursorSeq = restored.appliedSeq
            }
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

    /// Whether it may answer searches until a replica under what the gateway says now is whole: vectors of the same model,
    /// and the same columns, so that the same query and filter mean the same.
    func canServe(until info: CollectionInfo, storeID: String) -> Bool {
        self.storeID == storeID && self.info.modelDigest == info.modelDigest && self.info.dimension == info.dimension
            && self.info.metric == info.metric && self.info.columns == info.columns
            && state.withLockedValue { $0.hasCaughtUp && !$0.isDraining }
    }

    var appliedSeq: UInt64 { state.withLockedValue(\.appliedSeq) }

    var hasCaughtUp: Bool { state.withLockedValue(\.hasCaughtUp) }

    /// Whether the gateway no longer gives this generation's changes.
    var isFeedOver: Bool {
        get { state.withLockedValue(\.isFeedOver) }
        set { state.withLockedValue { $0.isFeedOver = newValue } }
    }

    /// Whether a gateway has named a head up to which the feed was not read yet.
    var isBehind: Bool { state.withLockedValue { $0.cursorSeq < $0.headSeq } }

    /// Whether rows were left out for want of memory.
    var isFull: Bool { state.withLockedValue(\.isFull) }

    /// What a row takes of memory once it is in a list.
    var bytesPerRow: Int { index.configuration.arrangedBytesPerRow }

    /// What to ask the feed for next.
    var nextPull: PullRequest {
        state.withLockedValue { state in
            PullRequest(
                collection: info.name, shard: shard, afterSeq: state.cursorSeq, rowLimit: state.pageRowLimit,
                storeID: storeID, generation: info.generation, readsAhead: state.isFull)
        }
    }

    /// Takes note of a head. Returns whether there is something to pull.
    @discardableResult
    func noticeHead(_ headSeq: UInt64) -> Bool {
        state.withLockedValue { state in
            state.headSeq = max(state.headSeq, headSeq)
            // A full one looks from time to time whether there is room.
            return state.cursorSeq < state.headSeq || state.isFull
        }
    }

    // MARK: Applying

    /// Applies a page that `nextPull` asked for, and lets the searches go on that waited for it.
    ///
    /// - Returns: Whether the worker has something to announce: the replica has become ready, or full.
    func apply(_ page: FeedPage) throws(IndexError) -> Bool {
        var isWhole = !isFull
        if page.rowCount > 0 {
            guard let outcome = try applyRows(page) else { return false }
            isWhole = outcome
            // What `drain` gave back may have been taken again meanwhile.
            if state.withLockedValue(\.isDraining) { memory.release(self) } else { arranger.arrange(index) }
        }
        let (hasNews, satisfied, unsatisfied) = state.withLockedValue { state in
            state.appliedRowCount += page.rowCount
            state.cursorSeq = max(state.cursorSeq, page.scannedToSeq)
            if isWhole { state.appliedSeq = state.cursorSeq }
            state.headSeq = max(state.headSeq, page.headSeq)
            let becameReady = !state.hasCaughtUp && page.scannedToSeq >= page.headSeq
            if becameReady { state.hasCaughtUp = true }
            let becameFull = !isWhole && !state.isFull
            state.isFull = !isWhole
            state.pageRowLimit = min(feedRowLimit, state.isFull ? feedRowLimit : state.pageRowLimit * 2)
            let appliedSeq = state.appliedSeq
            let satisfied = state.waiting.filter { $0.minSeq <= appliedSeq }
            if !satisfied.isEmpty { state.waiting.removeAll { $0.minSeq <= appliedSeq } }
            let unsatisfied = state.isFull ? state.waiting : []
            if state.isFull { state.waiting = [] }
            return (becameReady || becameFull, satisfied, unsatisfied)
        }
        for search in satisfied { search.resume(self, true) }
        for search in unsatisfied { search.resume(self, false) }
        return hasNews
    }

    /// Pages that do not fit are asked for again in smaller ones, down to this.
    private static let fittedRowCount = 64

    /// - Returns: Whether all of the page and all before it is applied; `nil`: nothing was done, and a smaller page may
    ///   fit.
    private func applyRows(_ page: FeedPage) throws(IndexError) -> Bool? {
        let batch = RowBatch(page, columns: info.columns)
        let upsertCount = batch.kinds.count { $0 == .upsert }
        if !isFull {
            if memory.reserve(index.projectedBytes(adding: upsertCount), for: self) {
                try index.apply(batch)
                return true
            }
            if page.rowCount > Self.fittedRowCount {
                state.withLockedValue { $0.pageRowLimit = max(Self.fittedRowCount, page.rowCount / 2) }
                return nil
            }
        }
        return try index.applyToHeldRows(batch) == 0 && !isFull
    }

    /// Has a full replica read again what it left out, if there is room for some of it by now: for a thirty-second part
    /// of what it holds, so that it does not begin anew for each row that goes.
    ///
    /// - Returns: Whether it is full no longer, as far as is known.
    func resumeIfThereIsRoom() -> Bool {
        guard isFull else { return false }
        let rowCount = max(Self.fittedRowCount, index.statistics.liveRowCount / 32)
        guard memory.reserve(index.projectedBytes(adding: rowCount), for: self) else { return false }
        state.withLockedValue { state in
            state.isFull = false
            state.cursorSeq = state.appliedSeq
            state.pageRowLimit = min(feedRowLimit, rowCount)
        }
        return true
    }

    // MARK: Waiting

    /// Calls `resume` when `minSeq` is applied, at once where it is. Returns `false` when too many wait already.
    func wait(for search: WaitingSearch) -> Bool {
        enum Decision { case now, later, refused, never, elsewhere(HeldReplica) }
        let decision: Decision = state.withLockedValue { state in
            if state.appliedSeq >= search.minSeq { return .now }
            if let successor = state.successor { return .elsewhere(successor) }
            if state.isDraining || state.isFull { return .never }
            guard state.waiting.count < waitingCountMax else { return .refused }
            state.waiting.append(search)
            return .later
        }
        switch decision {
        case .now: search.resume(self, true)
        // The write may be another collection's, of which no nudge comes here.
        case .later: onMissing?()
        case .never: search.resume(self, false)
        case .elsewhere(let successor): return successor.wait(for: search)
        case .refused: return false
        }
        return true
    }

    /// Ends the waits whose time is over.
    func expireWaits(at now: ContinuousClock.Instant) {
        let expired = state.withLockedValue { state in
            guard state.waiting.contains(where: { $0.deadline <= now }) else { return [WaitingSearch]() }
            let expired = state.waiting.filter { $0.deadline <= now }
            state.waiting.removeAll { $0.deadline <= now }
            return expired
        }
        for search in expired { search.resume(self, false) }
    }

    /// Ends all waits, or hands them to what takes this replica's place, and the arranging; from now on the replica says that
    /// it wants no more.
    func drain(to successor: HeldReplica? = nil) {
        let waiting = state.withLockedValue { state in
            state.isDraining = true
            state.successor = successor
            defer { state.waiting = [] }
            return state.waiting
        }
        arranger.forget(index)
        memory.release(self)
        for search in waiting {
            // One that waits too many is told the same as one whose time is over: to try elsewhere.
            if successor?.wait(for: search) != true { search.resume(self, false) }
        }
    }

    /// The seq and the arrangement of the snapshot that it began with.
    var restoredSeq: UInt64? { restored?.seq }
    var restoredMark: SnapshotMark? { restored?.mark }

    /// True once, when it has caught up.
    func takeStart() -> Bool {
        state.withLockedValue { state in
            guard state.hasCaughtUp, !state.hasToldStart else { return false }
            state.hasToldStart = true
            return true
        }
    }

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
            generation: info.generation, recallAt10: recall.measuredRecall, recallReplayCount: recall.replayCount,
            bytesPerVector: bytesPerRow, isFull: isFull)
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
