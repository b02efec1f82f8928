// Which collections are known, and for how long.

extension Cluster {
    /// The caller has checked that there is room.
    mutating func ensureCollection(_ name: String) -> Int {
        if let slot = collectionSlots[name] {
            collectionTimers.remove(slot)
            return slot
        }
        let state = CollectionState(
            name: name, latency: LatencySketch(quantile: configuration.hedgeQuantile), replicaLostAt: startedAt)
        let slot = collectionStates.insert(state)
        collectionStates.elements[slot] = state
        collectionSlots[name] = slot
        return slot
    }

    /// A collection that no worker holds and no query asks for is forgotten, but not before `waitForReplica` has passed:
    /// its moment of loss is what makes queries wait for a lone worker to come back.
    mutating func lingerUnlessUsed(_ slot: Int) {
        let state = collectionStates.elements[slot]
        guard state.sets.isEmpty, state.pendingQueryCount == 0 else { return }
        collectionTimers.set(slot, at: max(now, state.replicaLostAt.advanced(by: configuration.waitForReplica)))
    }

    mutating func collectionTimerFired(_ slot: Int) {
        collectionTimers.remove(slot)
        let state = collectionStates.elements[slot]
        // A query that has begun meanwhile puts the timer back when it ends.
        guard state.sets.isEmpty, state.pendingQueryCount == 0 else { return }
        collectionSlots[state.name] = nil
        collectionStates.elements[slot].name = ""
        collectionStates.remove(slot)
    }

    /// Whether a query of this collection may wait for a replica to come back.
    func isLossRecent(_ slot: Int) -> Bool {
        now < collectionStates.elements[slot].replicaLostAt.advanced(by: configuration.waitForReplica)
    }
}
