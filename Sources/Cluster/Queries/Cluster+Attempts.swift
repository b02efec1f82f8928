// Requests to workers: sent, answered, failed, raced.

extension Cluster {
    // MARK: Sending

    /// Enters an attempt in all books; `emitSend` makes it an action.
    mutating func reserveAttempt(_ slot: Int, _ taskIndex: Int, _ workerSlot: Int, kind: Attempt.Kind) {
        let attempt = attempts.insert(Attempt())
        attempts.elements[attempt] = Attempt(
            querySlot: slot, taskIndex: taskIndex, workerSlot: workerSlot,
            placeAtWorker: workers.elements[workerSlot].attemptSlots.count, sentAt: now, kind: kind)
        workers.elements[workerSlot].attemptSlots.append(attempt)
        queries.elements[slot].tasks[taskIndex].noteTried(workerSlot)
        if queries.elements[slot].tasks[taskIndex].first < 0 {
            queries.elements[slot].tasks[taskIndex].first = attempt
        } else {
            queries.elements[slot].tasks[taskIndex].second = attempt
        }
        if kind == .rescue {
            queries.elements[slot].tasks[taskIndex].rescueCount += 1
        } else {
            queries.elements[slot].tasks[taskIndex].attemptCount += 1
        }
    }

    mutating func emitSend(_ attemptSlot: Int) {
        let attempt = attempts.elements[attemptSlot]
        let remaining = queries.elements[attempt.querySlot].plan.deadline.nanoseconds(since: now)
        actions.append(
            .send(
                AttemptDispatch(
                    attempt: AttemptID(rawValue: attempts.ids[attemptSlot]),
                    query: QueryID(rawValue: queries.ids[attempt.querySlot]),
                    worker: workers.elements[attempt.workerSlot].incarnation, shardIndex: attempt.taskIndex,
                    shardCount: queries.elements[attempt.querySlot].shardCount,
                    remaining: .nanoseconds(max(1, remaining)),
                    isHedge: queries.elements[attempt.querySlot].tasks[attempt.taskIndex].isRacing)))
    }

    /// Takes an attempt out of all books, and returns what it was.
    @discardableResult
    mutating func removeAttempt(_ attemptSlot: Int) -> Attempt {
        let attempt = attempts.elements[attemptSlot]
        let lastSlot = workers.elements[attempt.workerSlot].attemptSlots.removeLast()
        if lastSlot != attemptSlot {
            workers.elements[attempt.workerSlot].attemptSlots[attempt.placeAtWorker] = lastSlot
            attempts.elements[lastSlot].placeAtWorker = attempt.placeAtWorker
        }
        queries.elements[attempt.querySlot].tasks[attempt.taskIndex].removeAttempt(attemptSlot)
        attempts.remove(attemptSlot)
        return attempt
    }

    /// `removeAttempt` for one that had been sent: there may be room now for a query that waits, and a worker that has
    /// said goodbye may be done.
    private mutating func closeAttempt(_ attemptSlot: Int) -> Attempt {
        let attempt = removeAttempt(attemptSlot)
        noteWake(queries.elements[attempt.querySlot].collectionSlot, forAll: false)
        if workers.elements[attempt.workerSlot].isDeparted { giveUpIfIdle(attempt.workerSlot) }
        return attempt
    }

    /// Nobody waits for its answer any more. That it had none so far is worth knowing of the worker.
    private mutating func cancelAttempt(_ attemptSlot: Int) {
        let id = AttemptID(rawValue: attempts.ids[attemptSlot])
        let workerSlot = attempts.elements[attemptSlot].workerSlot
        let elapsed = now.nanoseconds(since: attempts.elements[attemptSlot].sentAt)
        workers.elements[workerSlot].latency.recordAtLeast(nanoseconds: elapsed, at: now)
        actions.append(.cancel(id, workers.elements[workerSlot].incarnation))
        _ = closeAttempt(attemptSlot)
    }

    mutating func cancelAttempts(_ slot: Int) {
        for taskIndex in queries.elements[slot].tasks.indices {
            while queries.elements[slot].tasks[taskIndex].isInFlight {
                cancelAttempt(queries.elements[slot].tasks[taskIndex].first)
            }
        }
    }

    // MARK: Answers

    mutating func attemptSucceeded(_ id: AttemptID, appliedSeq: Int64, hits: [ScoredID]) {
        guard let attemptSlot = attempts.slot(of: id.rawValue) else {
            counters.lateReportCount += 1
            return
        }
        let attempt = attempts.elements[attemptSlot]
        let plan = queries.elements[attempt.querySlot].plan
        guard appliedSeq >= plan.minSeq else {
            attemptFailed(id, .notCaughtUp(appliedSeq: appliedSeq))
            return
        }
        guard let checked = HitMerger.checked(hits, resultLimit: plan.resultLimit) else {
            attemptFailed(id, .malformed)
            return
        }
        noteSuccess(attempt, appliedSeq: appliedSeq)
        _ = closeAttempt(attemptSlot)
        let slot = attempt.querySlot
        while queries.elements[slot].tasks[attempt.taskIndex].isInFlight {
            cancelAttempt(queries.elements[slot].tasks[attempt.taskIndex].first)
        }
        queries.elements[slot].tasks[attempt.taskIndex].phase = .answered
        queries.elements[slot].tasks[attempt.taskIndex].hedgeAt = .distantFuture
        queries.elements[slot].tasks[attempt.taskIndex].hits = checked
        queries.elements[slot].tasks[attempt.taskIndex].appliedSeq = appliedSeq
        queries.elements[slot].answeredTaskCount += 1
        queries.elements[slot].openTaskCount -= 1
        if queries.elements[slot].openTaskCount == 0 {
            finishWithWhatThereIs(slot)
        } else {
            setQueryTimer(slot)
        }
    }

    private mutating func noteSuccess(_ attempt: Attempt, appliedSeq: Int64) {
        let workerSlot = attempt.workerSlot
        let elapsed = now.nanoseconds(since: attempt.sentAt)
        if attempt.kind == .hedge { counters.hedgeWonCount += 1 }
        if !workers.elements[workerSlot].isDeparted { heard(workerSlot) }
        workers.elements[workerSlot].answeredCount += 1
        workers.elements[workerSlot].busyStreak = 0
        workers.elements[workerSlot].lossStreak = 0
        workers.elements[workerSlot].latency.record(nanoseconds: elapsed, at: now)
        let query = attempt.querySlot
        let collectionSlot = queries.elements[query].collectionSlot
        // Of a shard that was raced, the time since the slower request counts: without it the quantile would only see
        // answers that needed no race, and sink until everything is raced.
        let first = queries.elements[query].tasks[attempt.taskIndex].first
        let sentAt = first >= 0 ? min(attempt.sentAt, attempts.elements[first].sentAt) : attempt.sentAt
        collectionStates.elements[collectionSlot].latency.record(nanoseconds: now.nanoseconds(since: sentAt))
        noteAppliedSeq(attempt, appliedSeq)
    }

    private mutating func noteAppliedSeq(_ attempt: Attempt, _ appliedSeq: Int64) {
        let collectionSlot = queries.elements[attempt.querySlot].collectionSlot
        let shardCount = queries.elements[attempt.querySlot].shardCount
        guard let setIndex = collectionStates.elements[collectionSlot].setIndex(shardCount: shardCount) else { return }
        raiseAppliedSeq(
            collectionSlot: collectionSlot, setIndex: setIndex, shardIndex: attempt.taskIndex,
            workerSlot: attempt.workerSlot, to: appliedSeq)
    }

    mutating func attemptFailed(_ id: AttemptID, _ failure: AttemptFailure) {
        guard let attemptSlot = attempts.slot(of: id.rawValue) else {
            counters.lateReportCount += 1
            return
        }
        let attempt = attempts.elements[attemptSlot]
        let workerSlot = attempt.workerSlot
        if failure == .disconnected {
            // One request that could not be sent tells of all of them.
            loseConnection(workerSlot)
            return
        }
        workers.elements[workerSlot].failedCount += 1
        if !workers.elements[workerSlot].isDeparted { heard(workerSlot) }
        switch failure {
        case .busy(let retryAfter):
            counters.busyCount += 1
            workers.elements[workerSlot].busyStreak += 1
            backOff(workerSlot, streak: workers.elements[workerSlot].busyStreak, atLeast: retryAfter)
        case .notCaughtUp(let appliedSeq): noteAppliedSeq(attempt, appliedSeq)
        case .malformed: counters.malformedAnswerCount += 1
        case .disconnected, .deadline, .internalError: break
        }
        endAttempt(attemptSlot, failure: failure)
    }

    /// Closes an attempt that failed, and asks another worker where that is right. The query may have ended afterwards.
    mutating func endAttempt(_ attemptSlot: Int, failure: AttemptFailure) {
        let attempt = closeAttempt(attemptSlot)
        let slot = attempt.querySlot
        let query = queries.ids[slot]
        if queries.elements[slot].tasks[attempt.taskIndex].isInFlight {
            // The other one of the race may still answer; it is worth a race of its own.
            armHedge(slot, attempt.taskIndex)
        } else {
            replace(attempt, failure: failure)
        }
        if queries.ids[slot] == query { setQueryTimer(slot) }
    }

    private mutating func replace(_ attempt: Attempt, failure: AttemptFailure) {
        let slot = attempt.querySlot
        let taskIndex = attempt.taskIndex
        switch failure {
        case .disconnected:
            queries.elements[slot].isPatient = true
            rescue(slot, taskIndex)
        case .busy:
            let until = workers.elements[attempt.workerSlot].notBefore
            retry(slot, taskIndex, orFail: .busy(retryAfterNanoseconds: max(1, until.nanoseconds(since: now))))
        case .notCaughtUp(let appliedSeq): retry(slot, taskIndex, orFail: .notCaughtUp(appliedSeq: appliedSeq))
        case .malformed, .internalError: retry(slot, taskIndex, orFail: .faulty)
        case .deadline: failTask(slot, taskIndex, .deadline)
        }
    }

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
    private mutating func retry(_ slot: Int, _ taskIndex: Int, orFail failure: ShardFailure) {
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
