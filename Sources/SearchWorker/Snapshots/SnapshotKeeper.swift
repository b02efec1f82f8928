import Dispatch
import Foundation
import Logging
import NIOConcurrencyHelpers
import ServiceRuntime
import VectorIndex
import WireProtocol

/// Keeps what the worker holds on disk, so that after a restart it pulls the rest of the feed instead of all of it.
///
/// Nothing depends on it: a snapshot that is missing, damaged or of something else is said and left, and one that cannot
/// be written is said and tried again later. Files are written by a thread of low priority, one at a time.
final class SnapshotKeeper: Sendable {
    private let folder: SnapshotFolder
    private let settings: WorkerSettings
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        /// By collection; each is taken once, or dropped.
        var restored: [String: RestoredIndex] = [:]
        var isRunning = false
        /// Set when the worker stops: what is being written by then is given up.
        var stopDeadline: ContinuousClock.Instant?
    }

    private static let lookInterval = DispatchTimeInterval.seconds(1)
    /// How long a worker that was asked to stop may take to write what it holds.
    private static let stopPatience = Duration.seconds(8)
    /// Added to the thread's niceness: searches and the feed come first.
    private static let niceness: Int32 = 10

    private init(_ folder: SnapshotFolder, settings: WorkerSettings, logger: Logger) {
        self.folder = folder
        self.settings = settings
        self.logger = logger
    }

    /// The keeper of the settings' data directory; `nil` without one, and where it cannot be used, which is logged.
    ///
    /// - Throws: `StartFailure` when another worker uses the directory.
    static func open(_ settings: WorkerSettings, logger: Logger) throws(StartFailure) -> SnapshotKeeper? {
        guard let directory = settings.dataDirectory else { return nil }
        do throws(SnapshotFolder.OpenError) {
            return SnapshotKeeper(try SnapshotFolder(path: directory), settings: settings, logger: logger)
        } catch {
            switch error {
            case .inUse: throw StartFailure("\(directory) (--data-dir) is in use by another worker")
            case .unusable(let reason):
                logger.warning(
                    "no snapshots: the data directory cannot be used",
                    metadata: ["directory": "\(directory)", "reason": "\(reason)"])
                return nil
            }
        }
    }

    // MARK: Reading

    /// Reads and checks all snapshots that may be of use. Called once, before the gateway is asked; takes as long as the
    /// files take to read.
    func read() {
        folder.removeUnfinished()
        var readBytes = 0
        for collection in folder.collections {
            guard let file = folder.file(ofCollection: collection) else { continue }
            do throws(SnapshotError) {
                let snapshot = try Snapshot(path: file)
                if let reason = reasonNotToRead(snapshot, collection: collection, readBytes: readBytes) {
                    discard(file, collection: collection, reason: reason)
                    continue
                }
                readBytes += snapshot.fileBytes
                try read(snapshot, collection: collection)
            } catch {
                let what = error.isFaultOfTheFile ? "snapshot damaged" : "cannot read a snapshot"
                logger.warning(
                    "\(what); its collection is pulled from the beginning",
                    metadata: ["collection": "\(collection)", "file": "\(file)", "reason": "\(error)"])
                if error.isFaultOfTheFile { folder.remove(file) }
            }
        }
    }

    private func read(_ snapshot: Snapshot, collection: String) throws(SnapshotError) {
        let start = ContinuousClock.now
        var metadata: Logger.Metadata = [
            "collection": "\(collection)", "seq": .stringConvertible(snapshot.appliedSeq),
            "rows": .stringConvertible(snapshot.liveRowCount), "bytes": .stringConvertible(snapshot.fileBytes),
        ]
        // Said beforehand: it is about the memory that will be taken.
        logger.info("reading a snapshot", metadata: metadata)
        let index = try snapshot.read(try snapshot.configuration(), threadCount: settings.scanThreadCount)
        let restored = RestoredIndex(
            index: index, source: snapshot.source, appliedSeq: snapshot.appliedSeq, mark: index.snapshotMark)
        state.withLockedValue { $0.restored[collection] = restored }
        metadata["duration_ms"] = .stringConvertible((ContinuousClock.now - start).milliseconds)
        logger.notice("snapshot read", metadata: metadata)
    }

    /// - Parameter readBytes: Of the snapshots before.
    private func reasonNotToRead(_ snapshot: Snapshot, collection: String, readBytes: Int) -> String? {
        let source = snapshot.source
        if source.collection != collection { return "it is of the collection \(source.collection)" }
        if !settings.collections.isEmpty, !settings.collections.contains(collection) {
            return "this worker does not hold the collection"
        }
        if source.shardIndex != settings.shardIndex || source.shardCount != settings.shardCount {
            return "it is of shard \(source.shardIndex)/\(source.shardCount)"
        }
        // A first look, before the memory is taken: what the index needs is a little more.
        if let limit = settings.memoryLimitBytes, readBytes + snapshot.fileBytes > limit {
            return "it needs more memory than there is (--memory-limit)"
        }
        return nil
    }

    /// The index that was read for a replica, if it may go on under what the gateway says; each is given away once.
    func takeIndex(of info: CollectionInfo, storeID: String, shard: ShardPlace) -> RestoredIndex? {
        guard let restored = state.withLockedValue({ $0.restored.removeValue(forKey: info.name) }) else { return nil }
        let wanted = SnapshotSource(info, storeID: storeID, shard: shard)
        let configuration = restored.index.configuration
        let reason: String
        if restored.source.storeID != wanted.storeID {
            reason = "it is of another store"
        } else if restored.source != wanted || configuration.columns != info.columns
            || configuration.dimension != info.dimension || configuration.metric != Metric(info.metric)
        {
            reason = "it is of another generation"
        } else {
            return restored
        }
        discard(info.name, reason: reason)
        return nil
    }

    /// The gateway has named all that it has: what was read of other collections is of no use.
    func dropTheRest() {
        let rest = state.withLockedValue { state in
            defer { state.restored = [:] }
            return state.restored.keys.sorted()
        }
        for collection in rest { discard(collection, reason: "the gateway has no such collection") }
    }

    /// A replica is given up: what there is on disk of it would be given up again.
    func discard(_ collection: String, reason: String) {
        guard let file = folder.file(ofCollection: collection) else { return }
        discard(file, collection: collection, reason: reason)
    }

    private func discard(_ file: String, collection: String, reason: String) {
        guard folder.remove(file) else { return }
        logger.notice(
            "snapshot discarded", metadata: ["collection": "\(collection)", "file": "\(file)", "reason": "\(reason)"])
    }

    // MARK: Writing

    /// Starts the thread that looks at the replicas from time to time.
    func start(_ replicas: @escaping @Sendable () -> [HeldReplica]) {
        state.withLockedValue { $0.isRunning = true }
        let thread = Thread { [self] in
            // For this thread alone: on Linux a process and a thread are the same kind of number.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            work(replicas)
            ended.signal()
        }
        thread.name = "kazi-snapshot"
        thread.start()
    }

    /// Writes what has changed, for as long as a stop may take, and returns when the thread has ended. Called when nothing
    /// is applied any more.
    func stop() {
        let isRunning = state.withLockedValue { state in
            state.stopDeadline = .now + Self.stopPatience
            defer { state.isRunning = false }
            return state.isRunning
        }
        guard isRunning else { return }
        wake.signal()
        ended.wait()
    }

    /// A replica and when it is due. Weak: one that is given up is to go at once, and takes its schedule with it, though
    /// another may come to be at its address.
    private struct Scheduled {
        weak var replica: HeldReplica?
        var schedule: SnapshotSchedule
    }

    private func work(_ replicas: () -> [HeldReplica]) {
        var scheduled: [ObjectIdentifier: Scheduled] = [:]
        while true {
            _ = wake.wait(timeout: .now() + Self.lookInterval)
            let isStopping = state.withLockedValue { $0.stopDeadline != nil }
            let held = replicas()
            scheduled = scheduled.filter { $0.value.replica != nil }
            for replica in held {
                let key = ObjectIdentifier(replica), now = ContinuousClock.now
                var schedule = scheduled[key]?.schedule ?? SnapshotSchedule(restored: replica.restoredMark, now: now)
                let content = replica.snapshotContent
                if isStopping ? schedule.hasChanged(content) : schedule.isDue(content, now: now) {
                    write(replica, &schedule)
                }
                scheduled[key] = Scheduled(replica: replica, schedule: schedule)
            }
            if isStopping { return }
        }
    }

    private func write(_ replica: HeldReplica, _ schedule: inout SnapshotSchedule) {
        guard let file = folder.file(ofCollection: replica.info.name) else { return }
        // Both before the rows are looked at: what is applied in between is in the snapshot and pulled again.
        let appliedRowCount = replica.snapshotContent.appliedRowCount, appliedSeq = replica.appliedSeq
        let start = ContinuousClock.now
        do throws(SnapshotError) {
            let summary = try replica.index.writeSnapshot(
                to: file, source: SnapshotSource(replica.info, storeID: replica.storeID, shard: replica.shard),
                appliedSeq: appliedSeq,
                isCancelled: { [state] in state.withLockedValue { $0.stopDeadline.map { .now >= $0 } ?? false } })
            let took = ContinuousClock.now - start
            schedule.wrote(appliedRowCount: appliedRowCount, mark: summary.mark, took: took, now: .now)
            logger.info(
                "snapshot written",
                metadata: [
                    "collection": "\(replica.info.name)", "seq": .stringConvertible(appliedSeq),
                    "rows": .stringConvertible(summary.liveRowCount), "bytes": .stringConvertible(summary.fileBytes),
                    "duration_ms": .stringConvertible(took.milliseconds),
                ])
        } catch {
            if error == .cancelled {
                logger.notice("no time for a last snapshot", metadata: ["collection": "\(replica.info.name)"])
                return
            }
            let delay = schedule.failed(now: .now)
            logger.warning(
                "cannot write a snapshot",
                metadata: [
                    "collection": "\(replica.info.name)", "file": "\(file)", "reason": "\(error)",
                    "retry_s": .stringConvertible(delay.components.seconds),
                ])
        }
    }
}

extension SnapshotSource {
    fileprivate init(_ info: CollectionInfo, storeID: String, shard: ShardPlace) {
        self.init(
            storeID: storeID, collection: info.name, generation: info.generation, shardIndex: shard.index,
            shardCount: shard.count)
    }
}

extension Duration {
    fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
}
