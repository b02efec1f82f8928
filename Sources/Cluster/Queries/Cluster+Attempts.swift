// Requests to workers: sent, answered, failed.

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

    mutating func attemptSucceeded(
        _ id: AttemptID, appliedSeq: Int64, hits: [ScoredID], guarantee: ResultGuarantee
    ) {
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
        queries.elements[slot].tasks[attempt.taskIndex].guarantee = guarantee
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
}
