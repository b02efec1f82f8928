// Queries that wait for a replica or for room on one, and the moments at which a query is looked at.

extension Cluster {
    /// How often a query looks for room by itself: room can come from queries of other collections, or from the end of a
    /// back-off, of which it is not told.
    private static let lookInterval = Duration.milliseconds(20)
    /// Queries looked at when one request's room has become free.
    private static let wakeCountForRoom = 4

    /// Puts a query among those that wait, or keeps it there.
    ///
    /// - Returns: `false`: as many as are allowed wait already.
    mutating func wait(_ slot: Int, reason: ShardFailure) -> Bool {
        if !queries.elements[slot].isWaiting {
            guard waitingQueryCount < configuration.waitingQueryCountMax else { return false }
            counters.queryWaitedCount += 1
            waitingQueryCount += 1
            queries.elements[slot].isWaiting = true
            queries.elements[slot].isPatient = true
            appendToWaiting(slot)
        }
        queries.elements[slot].waitingReason = reason
        var until = now.advanced(by: Self.lookInterval)
        if case .noReplica = reason {
            let lostAt = collectionStates.elements[queries.elements[slot].collectionSlot].replicaLostAt
            until = lostAt.advanced(by: configuration.waitForReplica)
        }
        // Another of its shards may have to be looked at sooner.
        queries.elements[slot].waitingUntil = min(queries.elements[slot].waitingUntil, until)
        return true
    }

    private mutating func appendToWaiting(_ slot: Int) {
        let collectionSlot = queries.elements[slot].collectionSlot
        let last = collectionStates.elements[collectionSlot].lastWaiting
        queries.elements[slot].previousWaiting = last
        queries.elements[slot].nextWaiting = -1
        if last >= 0 {
            queries.elements[last].nextWaiting = slot
        } else {
            collectionStates.elements[collectionSlot].firstWaiting = slot
        }
        collectionStates.elements[collectionSlot].lastWaiting = slot
    }

    mutating func stopWaiting(_ slot: Int) {
        guard queries.elements[slot].isWaiting else { return }
        waitingQueryCount -= 1
        queries.elements[slot].isWaiting = false
        queries.elements[slot].waitingUntil = .distantFuture
        let collectionSlot = queries.elements[slot].collectionSlot
        let previous = queries.elements[slot].previousWaiting
        let next = queries.elements[slot].nextWaiting
        if previous >= 0 {
            queries.elements[previous].nextWaiting = next
        } else {
            collectionStates.elements[collectionSlot].firstWaiting = next
        }
        if next >= 0 {
            queries.elements[next].previousWaiting = previous
        } else {
            collectionStates.elements[collectionSlot].lastWaiting = previous
        }
    }

    /// Tries again what a query waits for. Afterwards it runs, or waits on in its old place, or has ended.
    private mutating func lookAgain(_ slot: Int) {
        let query = queries.ids[slot]
        queries.elements[slot].waitingUntil = .distantFuture
        if queries.elements[slot].tasks.isEmpty {
            place(slot)
            if queries.ids[slot] == query, !queries.elements[slot].tasks.isEmpty { stopWaiting(slot) }
        } else {
            var isStillWaiting = false
            let replanCount = queries.elements[slot].replanCount
            for taskIndex in queries.elements[slot].tasks.indices {
                guard queries.elements[slot].tasks[taskIndex].phase == .waiting else { continue }
                rescue(slot, taskIndex)
                // Ended, or begun again with other tasks, which have been seen to already.
                guard queries.ids[slot] == query, queries.elements[slot].replanCount == replanCount else { break }
                if queries.elements[slot].tasks[taskIndex].phase == .waiting { isStillWaiting = true }
            }
            if queries.ids[slot] == query, !isStillWaiting, !queries.elements[slot].tasks.isEmpty { stopWaiting(slot) }
        }
        if queries.ids[slot] == query { setQueryTimer(slot) }
    }

    // MARK: Waking

    /// Notes that a replica may have become available (`forAll`), or room for one request.
    mutating func noteWake(_ collectionSlot: Int, forAll: Bool) {
        guard collectionStates.elements[collectionSlot].firstWaiting >= 0 else { return }
        if forAll { collectionStates.elements[collectionSlot].isWakeForAll = true }
        if !collectionStates.elements[collectionSlot].isWakeNoted {
            collectionStates.elements[collectionSlot].isWakeNoted = true
            notedWakes.append(collectionSlot)
        }
    }

    /// At the end of an event, when all books are in order. Every look that notes another wake has ended a query or
    /// closed an attempt, so this ends.
    mutating func wakeNotedWaiters() {
        while let collectionSlot = notedWakes.popLast() {
            let isForAll = collectionStates.elements[collectionSlot].isWakeForAll
            collectionStates.elements[collectionSlot].isWakeNoted = false
            collectionStates.elements[collectionSlot].isWakeForAll = false
            var slot = collectionStates.elements[collectionSlot].firstWaiting
            var remaining = isForAll ? waitingQueryCount : Self.wakeCountForRoom
            while slot >= 0, remaining > 0 {
                let next = queries.elements[slot].nextWaiting
                lookAgain(slot)
                slot = next
                remaining -= 1
            }
        }
    }

    // MARK: Timers

    /// Sets the query's one timer to the first moment at which something is due in it.
    mutating func setQueryTimer(_ slot: Int) {
        var moment = min(queries.elements[slot].plan.deadline, queries.elements[slot].waitingUntil)
        for index in queries.elements[slot].tasks.indices {
            moment = min(moment, queries.elements[slot].tasks[index].hedgeAt)
        }
        queryTimers.set(slot, at: moment)
    }

    mutating func queryTimerFired(_ slot: Int) {
        if queries.elements[slot].plan.deadline <= now {
            expire(slot)
            return
        }
        let query = queries.ids[slot]
        if queries.elements[slot].waitingUntil <= now {
            lookAgain(slot)
            guard queries.ids[slot] == query else { return }
        }
        for taskIndex in queries.elements[slot].tasks.indices
        where queries.elements[slot].tasks[taskIndex].hedgeAt <= now {
            hedge(slot, taskIndex)
        }
        setQueryTimer(slot)
    }
}
