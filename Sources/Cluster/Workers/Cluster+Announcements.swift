// What workers say of themselves.

extension Cluster {
    mutating func received(_ announcement: WorkerAnnouncement) {
        if let rejection = rejection(of: announcement) {
            counters.announcementRejectedCount += 1
            actions.append(
                .rejectAnnouncement(announcement.worker, endpoint: announcement.endpoint, rejection))
            return
        }
        let slot: Int
        if let known = workerSlots[announcement.worker.id],
            workers.elements[known].incarnation == announcement.worker
        {
            slot = known
        } else {
            // The rejection check has let it pass, so a worker known by this id is an earlier run of it.
            if let replaced = workerSlots[announcement.worker.id] {
                counters.workerReplacedCount += 1
                removeWorker(replaced)
            }
            slot = insertWorker(announcement)
        }
        let limit = configuration.outstandingRequestCountMax
        workers.elements[slot].outstandingCountMax =
            announcement.capacity > 0 ? min(announcement.capacity, limit) : limit
        workers.elements[slot].memoryBytes = announcement.memoryBytes
        workers.elements[slot].memoryLimitBytes = announcement.memoryLimitBytes
        heard(slot)
        if !workers.elements[slot].isConnected { noteConnected(slot) }
        updateReplicas(of: slot, to: announcement.replicas)
    }

    /// Checked before anything is changed.
    private func rejection(of announcement: WorkerAnnouncement) -> AnnouncementRejection? {
        guard (1...128).contains(announcement.worker.id.name.utf8.count) else { return .invalidWorkerID }
        guard (1...256).contains(announcement.endpoint.utf8.count) else { return .invalidEndpoint }
        if let slot = workerSlots[announcement.worker.id] {
            let known = workers.elements[slot]
            if announcement.worker.bootEpoch < known.incarnation.bootEpoch {
                return .staleBootEpoch(knownBootEpoch: known.incarnation.bootEpoch)
            }
            if announcement.worker == known.incarnation {
                if known.isDeparted { return .departed }
                if announcement.endpoint != known.endpoint {
                    return .endpointConflict(knownEndpoint: known.endpoint)
                }
            }
        } else if workerSlots.count >= configuration.workerCountMax || workers.isFull {
            return .tooManyWorkers(limit: configuration.workerCountMax)
        }
        return rejection(of: announcement.replicas)
    }

    private func rejection(of replicas: [ReplicaReport]) -> AnnouncementRejection? {
        let limit = configuration.replicasPerWorkerCountMax
        guard replicas.count <= limit else { return .tooManyReplicas(limit: limit) }
        var seen: Set<ReplicaKey> = []
        var newCollections: Set<String> = []
        for (index, replica) in replicas.enumerated() {
            let key = replica.key
            guard (1...128).contains(key.collection.utf8.count), (1...4096).contains(key.shardCount),
                (0..<key.shardCount).contains(key.shardIndex), replica.appliedSeq >= 0, replica.vectorCount >= 0,
                replica.memoryBytes >= 0, replica.bytesPerVector >= 0, replicas.count == 1 || seen.insert(key).inserted
            else { return .invalidReplica(index: index) }
            if collectionSlots[key.collection] == nil { newCollections.insert(key.collection) }
        }
        guard collectionSlots.count + newCollections.count <= configuration.collectionCountMax else {
            return .tooManyCollections(limit: configuration.collectionCountMax)
        }
        return nil
    }

    private mutating func insertWorker(_ announcement: WorkerAnnouncement) -> Int {
        let worker = Worker(announcement: announcement, now: now)
        let slot = workers.insert(worker)
        workers.elements[slot] = worker
        workers.elements[slot].version = String(decoding: announcement.version.utf8.prefix(128), as: UTF8.self)
        workerSlots[announcement.worker.id] = slot
        workerTimers.set(slot, at: now.advanced(by: configuration.suspectAfter))
        actions.append(.connect(announcement.worker, endpoint: announcement.endpoint))
        return slot
    }

    mutating func progressed(_ incarnation: WorkerIncarnation, _ key: ReplicaKey, appliedSeq: Int64) {
        guard let slot = liveSlot(of: incarnation) else { return }
        heard(slot)
        guard let collectionSlot = collectionSlots[key.collection],
            let setIndex = collectionStates.elements[collectionSlot].setIndex(shardCount: key.shardCount),
            (0..<key.shardCount).contains(key.shardIndex)
        else {
            counters.unknownEventCount += 1
            return
        }
        raiseAppliedSeq(
            collectionSlot: collectionSlot, setIndex: setIndex, shardIndex: key.shardIndex, workerSlot: slot,
            to: appliedSeq)
        noteWake(collectionSlot, forAll: true)
    }

    /// Never lowers it: answers and feed requests overtake announcements.
    mutating func raiseAppliedSeq(
        collectionSlot: Int, setIndex: Int, shardIndex: Int, workerSlot: Int, to appliedSeq: Int64
    ) {
        guard
            let index = collectionStates.elements[collectionSlot].sets[setIndex].index(
                of: shardIndex, workerSlot: workerSlot),
            collectionStates.elements[collectionSlot].sets[setIndex].replicas[index].appliedSeq < appliedSeq
        else { return }
        collectionStates.elements[collectionSlot].sets[setIndex].replicas[index].appliedSeq = appliedSeq
    }

    // MARK: Replicas

    private mutating func updateReplicas(of slot: Int, to reports: [ReplicaReport]) {
        var places: [ReplicaPlace] = []
        places.reserveCapacity(reports.count)
        for report in reports {
            let collectionSlot = ensureCollection(report.key.collection)
            let place = ReplicaPlace(
                collectionSlot: collectionSlot, shardCount: report.key.shardCount, shardIndex: report.key.shardIndex)
            places.append(place)
            updateReplica(at: place, of: slot, to: report)
            noteWake(collectionSlot, forAll: true)
        }
        let old = workers.elements[slot].replicas
        workers.elements[slot].replicas = places
        if old != places {
            let kept = Set(places)
            for place in old where !kept.contains(place) { removeReplica(at: place, of: slot) }
        }
    }

    private mutating func updateReplica(at place: ReplicaPlace, of slot: Int, to report: ReplicaReport) {
        let replica = Replica(
            shardIndex: place.shardIndex, workerSlot: slot, appliedSeq: report.appliedSeq, state: report.state,
            vectorCount: report.vectorCount, memoryBytes: report.memoryBytes, recall: report.recall,
            bytesPerVector: report.bytesPerVector, isFull: report.isFull)
        let collection = place.collectionSlot
        let setIndex: Int
        if let known = collectionStates.elements[collection].setIndex(shardCount: place.shardCount) {
            setIndex = known
        } else {
            setIndex = collectionStates.elements[collection].sets.count
            collectionStates.elements[collection].sets.append(ShardSet(shardCount: place.shardCount))
        }
        guard
            let index = collectionStates.elements[collection].sets[setIndex].index(
                of: place.shardIndex, workerSlot: slot)
        else {
            collectionStates.elements[collection].sets[setIndex].insert(replica)
            return
        }
        let previous = collectionStates.elements[collection].sets[setIndex].replicas[index]
        if previous.state != .catchingUp, replica.state == .catchingUp {
            collectionStates.elements[collection].replicaLostAt = now
        }
        collectionStates.elements[collection].sets[setIndex].replicas[index] = replica
    }

    mutating func removeReplica(at place: ReplicaPlace, of slot: Int) {
        let collection = place.collectionSlot
        guard let setIndex = collectionStates.elements[collection].setIndex(shardCount: place.shardCount),
            let index = collectionStates.elements[collection].sets[setIndex].index(
                of: place.shardIndex, workerSlot: slot)
        else { preconditionFailure("a worker's replica is in the books of its collection") }
        let removed = collectionStates.elements[collection].sets[setIndex].replicas.remove(at: index)
        // Of a worker that was not connected it has been noted already.
        if removed.state != .catchingUp, workers.elements[slot].isConnected {
            collectionStates.elements[collection].replicaLostAt = now
        }
        if collectionStates.elements[collection].sets[setIndex].replicas.isEmpty {
            collectionStates.elements[collection].sets.remove(at: setIndex)
            lingerUnlessUsed(collection)
        }
    }
}
