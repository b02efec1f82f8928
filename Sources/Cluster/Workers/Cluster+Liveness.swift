// Who is alive: signs of life, silence, connections, and the end of a worker.

extension Cluster {
    /// The slot of a worker that is known, of this very incarnation, and has not said goodbye. Counts the others.
    mutating func liveSlot(of incarnation: WorkerIncarnation) -> Int? {
        guard let slot = knownSlot(of: incarnation), !workers.elements[slot].isDeparted else {
            counters.unknownEventCount += 1
            return nil
        }
        return slot
    }

    private func knownSlot(of incarnation: WorkerIncarnation) -> Int? {
        guard let slot = workerSlots[incarnation.id], workers.elements[slot].incarnation == incarnation else {
            return nil
        }
        return slot
    }

    /// Its timer is left as it is; when that fires it sees that there was a sign of life.
    mutating func heard(_ slot: Int) {
        workers.elements[slot].lastHeard = now
        workers.elements[slot].isSuspect = false
    }

    mutating func saidGoodbye(_ incarnation: WorkerIncarnation) {
        guard let slot = liveSlot(of: incarnation) else { return }
        heard(slot)
        removeReplicas(of: slot)
        workers.elements[slot].isDeparted = true
        giveUpIfIdle(slot)
    }

    // MARK: Connections

    mutating func connectionLost(_ incarnation: WorkerIncarnation) {
        guard let slot = knownSlot(of: incarnation) else {
            counters.unknownEventCount += 1
            return
        }
        loseConnection(slot)
    }

    mutating func loseConnection(_ slot: Int) {
        if workers.elements[slot].isConnected {
            counters.connectionLostCount += 1
            for place in workers.elements[slot].replicas {
                collectionStates.elements[place.collectionSlot].replicaLostAt = now
            }
            workers.elements[slot].isConnected = false
            workers.elements[slot].lossStreak += 1
        }
        failAttempts(of: slot)
        if workers.elements[slot].isDeparted { giveUpIfIdle(slot) }
    }

    mutating func connectionRestored(_ incarnation: WorkerIncarnation) {
        guard let slot = liveSlot(of: incarnation) else { return }
        if !workers.elements[slot].isConnected { noteConnected(slot) }
    }

    /// After several losses in a row without one answer, an announcement or a new connection is no longer taken for
    /// proof: an endpoint that cannot be reached would swallow a share of the queries once a heartbeat.
    mutating func noteConnected(_ slot: Int) {
        workers.elements[slot].isConnected = true
        let streak = workers.elements[slot].lossStreak
        if streak > 1 { backOff(slot, streak: streak, atLeast: .zero) }
        for place in workers.elements[slot].replicas { noteWake(place.collectionSlot, forAll: true) }
    }

    mutating func backOff(_ slot: Int, streak: Int, atLeast duration: Duration) {
        let doublings = min(max(streak - 1, 0), 16)
        let floor = configuration.backOffMin * (1 << doublings)
        let wanted = min(max(duration, floor), configuration.backOffMax)
        workers.elements[slot].notBefore = max(workers.elements[slot].notBefore, now.advanced(by: wanted))
    }

    // MARK: Silence

    mutating func workerTimerFired(_ slot: Int) {
        let lastHeard = workers.elements[slot].lastHeard
        let deadAt = lastHeard.advanced(by: configuration.deadAfter)
        if deadAt <= now {
            if !workers.elements[slot].isDeparted { counters.workerDeadCount += 1 }
            removeWorker(slot)
            return
        }
        let suspectAt = lastHeard.advanced(by: configuration.suspectAfter)
        if suspectAt > now {
            workerTimers.set(slot, at: suspectAt)
            return
        }
        workerTimers.set(slot, at: deadAt)
        if !workers.elements[slot].isSuspect {
            workers.elements[slot].isSuspect = true
            rescueAttempts(of: slot)
        }
    }

    // MARK: The end of a worker

    /// What is in flight there fails, which asks the same of other workers at once.
    mutating func removeWorker(_ slot: Int) {
        let incarnation = workers.elements[slot].incarnation
        removeReplicas(of: slot)
        giveUp(slot)
        failAttempts(of: slot)
        workerTimers.remove(slot)
        workerSlots[incarnation.id] = nil
        workers.remove(slot)
    }

    private mutating func removeReplicas(of slot: Int) {
        let places = workers.elements[slot].replicas
        workers.elements[slot].replicas = []
        for place in places { removeReplica(at: place, of: slot) }
    }

    /// Every attempt there fails. The worker is not connected, so none of them comes back to it.
    private mutating func failAttempts(of slot: Int) {
        while let attempt = workers.elements[slot].attemptSlots.last {
            workers.elements[slot].failedCount += 1
            endAttempt(attempt, failure: .disconnected)
        }
    }

    /// Gives up the connection to a worker that has left, once nothing is in flight there.
    mutating func giveUpIfIdle(_ slot: Int) {
        if workers.elements[slot].attemptSlots.isEmpty { giveUp(slot) }
    }

    private mutating func giveUp(_ slot: Int) {
        guard !workers.elements[slot].isGivenUp else { return }
        workers.elements[slot].isGivenUp = true
        workers.elements[slot].isConnected = false
        actions.append(.disconnect(workers.elements[slot].incarnation))
    }
}
