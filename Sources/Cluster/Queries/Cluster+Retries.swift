// Asking another worker: in place of one that failed, or in a race with one that is slow.

extension Cluster {
    // MARK: Asking again

    /// In place of an attempt on a worker that was lost. Never refused by the budget: losing one worker of several costs
    /// no query. Each rescue takes the loss of a connection, and 16 of them are enough.
    mutating func rescue(_ slot: Int, _ taskIndex: Int) {
        guard queries.elements[slot].plan.deadline > now else {
            failTask(slot, taskIndex, .deadline)
            return
        }
        guard queries.elements[slot].tasks[taskIndex].rescueCount < 16 else {
            failTask(slot, taskIndex, .noReplica)
            return
        }
        switch chooseAgain(slot, taskIndex, mayRepeat: true) {
        case .worker(let workerSlot):
            counters.rescueCount += 1
            queries.elements[slot].tasks[taskIndex].phase = .asking
            reserveAttempt(slot, taskIndex, workerSlot, kind: .rescue)
            emitSend(queries.elements[slot].tasks[taskIndex].first)
            armHedge(slot, taskIndex)
        case .full(let retryAfter):
            waitOrFail(slot, taskIndex, .busy(retryAfterNanoseconds: retryAfter))
        case .none:
            if replan(slot) { return }
            let collectionSlot = queries.elements[slot].collectionSlot
            let isDispensable = queries.elements[slot].plan.allowPartial && queries.elements[slot].tasks.count > 1
            if isLossRecent(collectionSlot), !isDispensable {
                waitOrFail(slot, taskIndex, .noReplica)
            } else {
                failTask(slot, taskIndex, .noReplica)
            }
        }
    }

    private mutating func waitOrFail(_ slot: Int, _ taskIndex: Int, _ reason: ShardFailure) {
        queries.elements[slot].tasks[taskIndex].phase = .waiting
        queries.elements[slot].tasks[taskIndex].hedgeAt = .distantFuture
        if !wait(slot, reason: reason) { failTask(slot, taskIndex, reason) }
    }

    /// After a refusal or a fault: another worker, within the budget and the number of attempts.
    mutating func retry(_ slot: Int, _ taskIndex: Int, orFail failure: ShardFailure) {
        if queries.elements[slot].tasks[taskIndex].attemptCount < configuration.attemptCountMax,
            queries.elements[slot].plan.deadline > now,
            case .worker(let workerSlot) = chooseAgain(slot, taskIndex, mayRepeat: false), takeFromBudget()
        {
            counters.retryCount += 1
            reserveAttempt(slot, taskIndex, workerSlot, kind: .retry)
            emitSend(queries.elements[slot].tasks[taskIndex].first)
            armHedge(slot, taskIndex)
            return
        }
        // A query that was let in and then lost its worker waits for room; others are refused early.
        if case .busy = failure, queries.elements[slot].isPatient {
            waitOrFail(slot, taskIndex, failure)
        } else {
            failTask(slot, taskIndex, failure)
        }
    }

    private mutating func takeFromBudget() -> Bool {
        if budget.take(at: now) { return true }
        counters.budgetRefusedCount += 1
        return false
    }

    private mutating func chooseAgain(_ slot: Int, _ taskIndex: Int, mayRepeat: Bool) -> ReplicaChoice {
        let collectionSlot = queries.elements[slot].collectionSlot
        let shardCount = queries.elements[slot].shardCount
        guard let setIndex = collectionStates.elements[collectionSlot].setIndex(shardCount: shardCount) else {
            return .none
        }
        guard !attempts.isFull else {
            return .full(retryAfterNanoseconds: configuration.backOffMin.wholeNanoseconds)
        }
        return choose(
            collectionSlot: collectionSlot, setIndex: setIndex, shardIndex: taskIndex,
            minSeq: queries.elements[slot].plan.minSeq, task: queries.elements[slot].tasks[taskIndex],
            mayRepeat: mayRepeat)
    }

    // MARK: Races

    /// Sets the moment at which the shard's only attempt is raced. Not where there is no other replica to race it.
    mutating func armHedge(_ slot: Int, _ taskIndex: Int) {
        let collectionSlot = queries.elements[slot].collectionSlot
        queries.elements[slot].tasks[taskIndex].hedgeAt = .distantFuture
        guard let setIndex = collectionStates.elements[collectionSlot].setIndex(
            shardCount: queries.elements[slot].shardCount),
            collectionStates.elements[collectionSlot].sets[setIndex].range(of: taskIndex).count > 1
        else { return }
        let longest = configuration.hedgeDelayMax.wholeNanoseconds
        let usual = collectionStates.elements[collectionSlot].latency.quantileNanoseconds ?? longest
        let delay = min(max(usual, configuration.hedgeDelayMin.wholeNanoseconds), longest)
        queries.elements[slot].tasks[taskIndex].hedgeAt = now.advanced(byNanoseconds: delay)
    }

    mutating func hedge(_ slot: Int, _ taskIndex: Int) {
        // When it cannot be done now, it may be later; not so often that many slow queries make work of it.
        queries.elements[slot].tasks[taskIndex].hedgeAt = now.advanced(by: configuration.hedgeDelayMax)
        let task = queries.elements[slot].tasks[taskIndex]
        guard task.isInFlight, !task.isRacing, task.attemptCount < configuration.attemptCountMax else {
            queries.elements[slot].tasks[taskIndex].hedgeAt = .distantFuture
            return
        }
        guard case .worker(let workerSlot) = chooseAgain(slot, taskIndex, mayRepeat: false), takeFromBudget() else {
            return
        }
        counters.hedgeCount += 1
        queries.elements[slot].tasks[taskIndex].hedgeAt = .distantFuture
        reserveAttempt(slot, taskIndex, workerSlot, kind: .hedge)
        emitSend(queries.elements[slot].tasks[taskIndex].second)
    }

    /// The worker has gone silent: what it alone was asked is asked of another, too.
    mutating func rescueAttempts(of workerSlot: Int) {
        for attemptSlot in workers.elements[workerSlot].attemptSlots {
            let attempt = attempts.elements[attemptSlot]
            let slot = attempt.querySlot
            let task = queries.elements[slot].tasks[attempt.taskIndex]
            guard !task.isRacing, task.rescueCount < 16, queries.elements[slot].plan.deadline > now,
                case .worker(let other) = chooseAgain(slot, attempt.taskIndex, mayRepeat: true)
            else { continue }
            counters.rescueCount += 1
            queries.elements[slot].tasks[attempt.taskIndex].hedgeAt = .distantFuture
            reserveAttempt(slot, attempt.taskIndex, other, kind: .rescue)
            emitSend(queries.elements[slot].tasks[attempt.taskIndex].second)
            setQueryTimer(slot)
        }
    }
}
