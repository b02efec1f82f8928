// What others may see of it.

extension Cluster {
    /// Queries that have not ended.
    public var pendingQueryCount: Int { queries.count }

    /// The collections of which some worker holds something, by name.
    public var collections: [String] {
        collectionSlots.filter { !collectionStates.elements[$0.value].sets.isEmpty }.keys.sorted()
    }

    /// Workers that can be asked: alive, connected, not leaving.
    public var liveWorkerCount: Int {
        workerSlots.values.reduce(0) { count, slot in
            let worker = workers.elements[slot]
            return count + (worker.isConnected && !worker.isDeparted && !worker.isSuspect ? 1 : 0)
        }
    }

    /// How a collection stands. One that is not known has no shards.
    ///
    /// - Parameter headSeq: The last committed `seq` of the collection.
    /// - Complexity: O(replicas of the collection).
    public func health(of collection: String, headSeq: Int64) -> CollectionHealth {
        var health = CollectionHealth(
            collection: collection, shardCount: 0, shards: [], coverage: ShardCoverage(answeredCount: 0, totalCount: 0))
        guard let slot = collectionSlots[collection], let best = bestSet(collectionSlot: slot, minSeq: 0) else {
            return health
        }
        let set = collectionStates.elements[slot].sets[best.setIndex]
        health.shardCount = set.shardCount
        health.coverage = best.coverage
        health.shards = (0..<set.shardCount).map { shardHealth(set, $0) }
        guard health.coverage.isFull else { return health }
        health.appliedSeqMin = health.shards.compactMap(\.appliedSeqMin).min()
        health.appliedSeqMax = health.shards.compactMap(\.appliedSeqMax).min()
        health.lag = health.appliedSeqMin.map { max(0, headSeq - $0) }
        return health
    }

    private func shardHealth(_ set: ShardSet, _ shardIndex: Int) -> ShardHealth {
        var shard = ShardHealth(shardIndex: shardIndex, liveReplicaCount: 0, readyReplicaCount: 0, fullReplicaCount: 0)
        for index in set.range(of: shardIndex) {
            let replica = set.replicas[index]
            guard workers.elements[replica.workerSlot].isConnected else { continue }
            shard.liveReplicaCount += 1
            guard replica.canAnswer(minSeq: 0) else { continue }
            shard.readyReplicaCount += 1
            if replica.isFull { shard.fullReplicaCount += 1 }
            shard.appliedSeqMin = min(shard.appliedSeqMin ?? .max, replica.appliedSeq)
            shard.appliedSeqMax = max(shard.appliedSeqMax ?? .min, replica.appliedSeq)
        }
        return shard
    }

    /// Everything at this moment, for operators.
    public func snapshot(now: ClusterInstant) -> ClusterSnapshot {
        let slots = workerSlots.sorted { $0.key < $1.key }.map(\.value)
        return ClusterSnapshot(
            workers: slots.map { workerSnapshot($0, now: now) }, pendingQueryCount: queries.count,
            waitingQueryCount: waitingQueryCount, attemptCount: attempts.count,
            retryTokenCount: budget.tokens(at: now), counters: counters)
    }

    private func workerSnapshot(_ slot: Int, now: ClusterInstant) -> WorkerSnapshot {
        let worker = workers.elements[slot]
        let latency = worker.latency.nanoseconds
        return WorkerSnapshot(
            worker: worker.incarnation, endpoint: worker.endpoint, version: worker.version,
            status: worker.isDeparted ? .departed : !worker.isConnected ? .disconnected : worker.isSuspect ? .suspect : .alive,
            silence: max(.zero, worker.lastHeard.duration(to: now)), outstandingCount: worker.attemptSlots.count,
            outstandingCountMax: worker.outstandingCountMax,
            backOff: worker.notBefore > now ? now.duration(to: worker.notBefore) : .zero,
            latency: latency > 0 ? .nanoseconds(latency) : nil, answeredCount: worker.answeredCount,
            failedCount: worker.failedCount, memoryBytes: worker.memoryBytes,
            memoryLimitBytes: worker.memoryLimitBytes,
            replicas: worker.replicas.compactMap { report(of: $0, at: slot) })
    }

    private func report(of place: ReplicaPlace, at workerSlot: Int) -> ReplicaReport? {
        let collection = collectionStates.elements[place.collectionSlot]
        guard let setIndex = collection.setIndex(shardCount: place.shardCount),
            let index = collection.sets[setIndex].index(of: place.shardIndex, workerSlot: workerSlot)
        else { return nil }
        let replica = collection.sets[setIndex].replicas[index]
        return ReplicaReport(
            key: ReplicaKey(collection: collection.name, shardIndex: place.shardIndex, shardCount: place.shardCount),
            appliedSeq: replica.appliedSeq, state: replica.state, vectorCount: replica.vectorCount,
            memoryBytes: replica.memoryBytes, recall: replica.recall, bytesPerVector: replica.bytesPerVector,
            isFull: replica.isFull)
    }
}
