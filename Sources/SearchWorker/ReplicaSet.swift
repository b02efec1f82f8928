import NIOConcurrencyHelpers
import VectorIndex
import WireProtocol

/// The replicas this worker holds, by collection, and what it should hold by the gateway's word.
final class ReplicaSet: Sendable {
    private let settings: WorkerSettings
    /// Sorts the rows of all of them into lists, in the background.
    private let arranger: BackgroundArranger
    /// What they may take together.
    private let memory: MemoryBudget
    private let replicas = NIOLockedValueBox<[String: HeldReplica]>([:])

    private let snapshots: SnapshotKeeper?

    init(_ settings: WorkerSettings, arranger: BackgroundArranger, snapshots: SnapshotKeeper? = nil) {
        self.settings = settings
        self.arranger = arranger
        self.snapshots = snapshots
        memory = MemoryBudget(limitBytes: settings.memoryLimitBytes)
    }

    subscript(collection: String) -> HeldReplica? { replicas.withLockedValue { $0[collection] } }

    var all: [HeldReplica] { replicas.withLockedValue { Array($0.values) } }

    /// What a change of the set means to whoever follows the feeds.
    struct Changes {
        var added: [HeldReplica] = []
        var removed: [HeldReplica] = []
        /// Collections whose vectors this build cannot hold, and why.
        var refused: [(collection: String, error: IndexError)] = []
    }

    /// Makes the set what the gateway says there is: a collection that is new, or of another generation, gets a replica,
    /// empty or from a snapshot, and one that is gone loses its own.
    func reconcile(_ collections: [CollectionInfo], storeID: String) -> Changes {
        let wanted = collections.filter { settings.collections.isEmpty || settings.collections.contains($0.name) }
        return replicas.withLockedValue { replicas in
            var changes = Changes()
            for (name, replica) in replicas where !wanted.contains(where: { $0.name == name }) {
                replicas[name] = nil
                changes.removed.append(replica)
            }
            for info in wanted {
                if let replica = replicas[info.name] {
                    if replica.isCurrent(info, storeID: storeID) { continue }
                    replicas[info.name] = nil
                    changes.removed.append(replica)
                }
                do throws(IndexError) {
                    let replica = try makeReplica(info, storeID: storeID)
                    replicas[info.name] = replica
                    changes.added.append(replica)
                } catch {
                    changes.refused.append((info.name, error))
                }
            }
            return changes
        }
    }

    /// A replica that goes on from a snapshot where there is one that fits, else an empty one.
    private func makeReplica(_ info: CollectionInfo, storeID: String) throws(IndexError) -> HeldReplica {
        let shard = ShardPlace(index: settings.shardIndex, count: settings.shardCount)
        if let restored = snapshots?.takeIndex(of: info, storeID: storeID, shard: shard) {
            let replica = try HeldReplica(
                info, storeID: storeID, settings: settings, memory: memory, arranger: arranger, restored: restored)
            if memory.reserve(restored.index.projectedBytes(adding: 0), for: replica) {
                // Part of it may have been written before it was arranged.
                arranger.arrange(restored.index)
                return replica
            }
            // The feed has it again, and the replica takes of that what fits.
            snapshots?.discard(info.name, reason: "it needs more memory than there is (--memory-limit)")
        }
        return try HeldReplica(info, storeID: storeID, settings: settings, memory: memory, arranger: arranger)
    }

    /// Gives up a replica whose store or generation is not the gateway's any more; the next announcement makes another.
    func discard(_ replica: HeldReplica) {
        replicas.withLockedValue { replicas in
            if replicas[replica.info.name] === replica { replicas[replica.info.name] = nil }
        }
        replica.drain()
    }
}
