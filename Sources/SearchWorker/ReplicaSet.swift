import NIOConcurrencyHelpers
import VectorIndex
import WireProtocol

/// The replicas this worker holds, by collection, and what it should hold by the gateway's word.
final class ReplicaSet: Sendable {
    /// What is held of one collection.
    private struct Place {
        /// What searches are answered from.
        var serving: HeldReplica
        /// Another generation, which takes over when it is whole. Until then the collection takes memory twice.
        var successor: HeldReplica?

        var all: [HeldReplica] { successor.map { [serving, $0] } ?? [serving] }
    }

    private let settings: WorkerSettings
    /// Sorts the rows of all of them into lists, in the background.
    private let arranger: BackgroundArranger
    /// What they may take together.
    private let memory: MemoryBudget
    private let places = NIOLockedValueBox<[String: Place]>([:])

    private let snapshots: SnapshotKeeper?

    init(_ settings: WorkerSettings, arranger: BackgroundArranger, snapshots: SnapshotKeeper? = nil) {
        self.settings = settings
        self.arranger = arranger
        self.snapshots = snapshots
        memory = MemoryBudget(limitBytes: settings.memoryLimitBytes)
    }

    /// What searches of the collection are answered from.
    subscript(collection: String) -> HeldReplica? { places.withLockedValue { $0[collection]?.serving } }

    /// What searches are answered from, of every collection.
    var serving: [HeldReplica] { places.withLockedValue { $0.values.map(\.serving) } }

    /// Everything held, successors included.
    var all: [HeldReplica] { places.withLockedValue { $0.values.flatMap(\.all) } }

    /// Everything held of one collection.
    func held(of collection: String) -> [HeldReplica] { places.withLockedValue { $0[collection]?.all ?? [] } }

    /// What the worker announces: of each collection what serves, with the memory that its successor takes too.
    var reports: [Replica] {
        places.withLockedValue { Array($0.values) }.map { place in
            var report = place.serving.report
            report.memoryBytes += place.successor?.report.memoryBytes ?? 0
            return report
        }
    }

    /// What a change of the set means to whoever follows the feeds.
    struct Changes {
        var added: [HeldReplica] = []
        var removed: [HeldReplica] = []
        /// Collections whose vectors this build cannot hold, and why.
        var refused: [(collection: String, error: IndexError)] = []
    }

    /// Makes the set what the gateway says there is: a collection that is new gets a replica, empty or from a snapshot, and one
    /// that is gone loses its own. One of another generation gets one that takes over when it is whole, or at once where what
    /// is held cannot answer for it.
    func reconcile(_ collections: [CollectionInfo], storeID: String) -> Changes {
        let wanted = collections.filter { settings.collections.isEmpty || settings.collections.contains($0.name) }
        return places.withLockedValue { places in
            var changes = Changes()
            for (name, place) in places where !wanted.contains(where: { $0.name == name }) {
                places[name] = nil
                changes.removed += place.all
            }
            for info in wanted {
                var place = places[info.name]
                if place?.all.contains(where: { $0.isCurrent(info, storeID: storeID) && !$0.isFeedOver }) == true {
                    if place?.serving.isCurrent(info, storeID: storeID) == true, let successor = place?.successor {
                        // The gateway is back at the generation that serves.
                        places[info.name]?.successor = nil
                        changes.removed.append(successor)
                    }
                    continue
                }
                if let successor = place?.successor { changes.removed.append(successor) }
                place?.successor = nil
                if let serving = place?.serving,
                    serving.isCurrent(info, storeID: storeID) || !serving.canServe(until: info, storeID: storeID)
                {
                    changes.removed.append(serving)
                    place = nil
                }
                do throws(IndexError) {
                    let replica = try makeReplica(info, storeID: storeID)
                    if place == nil { place = Place(serving: replica) } else { place?.successor = replica }
                    changes.added.append(replica)
                } catch {
                    changes.refused.append((info.name, error))
                }
                places[info.name] = place
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

    /// Has a successor serve from now on, if it is one and is whole: it has seen every write that its predecessor has.
    ///
    /// - Returns: The predecessor, which is no longer held; `nil`: nothing has changed.
    func promote(_ replica: HeldReplica) -> HeldReplica? {
        places.withLockedValue { places in
            guard let place = places[replica.info.name], place.successor === replica, replica.hasCaughtUp,
                replica.appliedSeq >= place.serving.appliedSeq
            else { return nil }
            places[replica.info.name] = Place(serving: replica)
            return place.serving
        }
    }
}
