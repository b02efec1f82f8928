// The life of a query: let in, placed on a set of shards, ended.

extension Cluster {
    mutating func start(_ plan: QueryPlan) -> QueryID {
        counters.queryStartedCount += 1
        let limit = configuration.pendingQueryCountMax
        let slot = queries.insert(QueryState())
        let query = QueryID(rawValue: queries.ids[slot])
        guard queries.count <= limit else {
            refuse(slot, .tooManyQueries(limit: limit, retryAfter: configuration.backOffMin))
            return query
        }
        guard plan.deadline > now, plan.resultLimit >= 1 else {
            refuse(slot, .deadlineExceeded(ShardCoverage(answeredCount: 0, totalCount: 0)))
            return query
        }
        let isKnown = collectionSlots[plan.collection] != nil
        guard isKnown || mayWaitForUnknownCollection else {
            refuse(slot, .noWorkers)
            return query
        }
        let collectionSlot = ensureCollection(plan.collection)
        collectionStates.elements[collectionSlot].pendingQueryCount += 1
        queries.elements[slot].reset(plan: plan, collectionSlot: collectionSlot)
        queries.elements[slot].plan.deadline = min(plan.deadline, now.advanced(by: configuration.queryDurationMax))
        place(slot)
        if isPending(query) { setQueryTimer(slot) }
        return query
    }

    /// Soon after the start, workers may be there that have not announced themselves yet.
    private var mayWaitForUnknownCollection: Bool {
        now < startedAt.advanced(by: configuration.waitForReplica)
            && collectionSlots.count < configuration.collectionCountMax && !collectionStates.isFull
            && waitingQueryCount < configuration.waitingQueryCountMax
    }

    /// Ends a query that was never let in.
    private mutating func refuse(_ slot: Int, _ failure: QueryFailure) {
        counters.queryFailedCount += 1
        actions.append(.fail(QueryID(rawValue: queries.ids[slot]), failure))
        queries.remove(slot)
    }

    func isPending(_ query: QueryID) -> Bool { queries.slot(of: query.rawValue) != nil }

    mutating func queryCancelled(_ query: QueryID) {
        guard let slot = queries.slot(of: query.rawValue) else {
            counters.unknownEventCount += 1
            return
        }
        counters.queryCancelledCount += 1
        release(slot)
    }

    // MARK: Placing

    /// Chooses the set of shards to ask and asks it; or waits; or fails. The query may have ended afterwards.
    mutating func place(_ slot: Int) {
        let plan = queries.elements[slot].plan
        let collectionSlot = queries.elements[slot].collectionSlot
        let best = bestSet(collectionSlot: collectionSlot, minSeq: plan.minSeq)
        if let best, best.coverage.isFull || (plan.allowPartial && best.coverage.answeredCount > 0) {
            ask(slot, setIndex: best.setIndex)
        } else if isLossRecent(collectionSlot), wait(slot, reason: .noReplica) {
            return
        } else if let best, best.coverage.answeredCount > 0 {
            finish(slot, failure: .partial(best.coverage))
        } else {
            finish(slot, failure: .noWorkers)
        }
    }

    /// Sends every shard's first attempt, or none: requests are reserved one by one, and given back when a shard that
    /// the query cannot do without has no room.
    private mutating func ask(_ slot: Int, setIndex: Int) {
        let collectionSlot = queries.elements[slot].collectionSlot
        let shardCount = collectionStates.elements[collectionSlot].sets[setIndex].shardCount
        let plan = queries.elements[slot].plan
        queries.elements[slot].shardCount = shardCount
        queries.elements[slot].openTaskCount = shardCount
        queries.elements[slot].answeredTaskCount = 0
        for _ in 0..<shardCount { queries.elements[slot].tasks.append(ShardTask()) }
        for taskIndex in 0..<shardCount {
            let choice = choose(
                collectionSlot: collectionSlot, setIndex: setIndex, shardIndex: taskIndex, minSeq: plan.minSeq,
                task: queries.elements[slot].tasks[taskIndex], mayRepeat: true)
            switch choice {
            case .worker(let workerSlot) where !attempts.isFull:
                reserveAttempt(slot, taskIndex, workerSlot, kind: .first)
            case .worker:
                settle(slot, taskIndex, .busy(retryAfterNanoseconds: configuration.backOffMin.wholeNanoseconds))
            case .full(let retryAfter): settle(slot, taskIndex, .busy(retryAfterNanoseconds: retryAfter))
            case .none: settle(slot, taskIndex, .noReplica)
            }
            if !plan.allowPartial, queries.elements[slot].tasks[taskIndex].phase == .failed {
                giveUpAsking(slot, because: queries.elements[slot].tasks[taskIndex].failure)
                return
            }
        }
        for taskIndex in 0..<shardCount where queries.elements[slot].tasks[taskIndex].isInFlight {
            counters.firstAttemptCount += 1
            budget.depositForFirstAttempt()
            emitSend(queries.elements[slot].tasks[taskIndex].first)
            armHedge(slot, taskIndex)
        }
        if queries.elements[slot].openTaskCount == 0 { finishWithWhatThereIs(slot) }
    }

    private mutating func giveUpAsking(_ slot: Int, because failure: ShardFailure) {
        for taskIndex in queries.elements[slot].tasks.indices {
            let attempt = queries.elements[slot].tasks[taskIndex].first
            if attempt >= 0 { removeAttempt(attempt) }
        }
        withdrawTasks(slot)
        if queries.elements[slot].isPatient, wait(slot, reason: failure) { return }
        finish(slot, failure: queryFailure(failure, coverage: queries.elements[slot].coverage))
    }

    /// Back to before the query was placed. Its attempts have been dealt with.
    private mutating func withdrawTasks(_ slot: Int) {
        queries.elements[slot].tasks.removeAll(keepingCapacity: true)
        queries.elements[slot].openTaskCount = 0
        queries.elements[slot].answeredTaskCount = 0
        queries.elements[slot].shardCount = 0
    }

    /// Begins again on another full set of shards, because a shard of this one has no replica left. At most three times.
    mutating func replan(_ slot: Int) -> Bool {
        let query = queries.elements[slot]
        guard query.replanCount < 3,
            let best = bestSet(collectionSlot: query.collectionSlot, minSeq: query.plan.minSeq), best.coverage.isFull,
            collectionStates.elements[query.collectionSlot].sets[best.setIndex].shardCount != query.shardCount
        else { return false }
        counters.queryReplannedCount += 1
        stopWaiting(slot)
        cancelAttempts(slot)
        withdrawTasks(slot)
        queries.elements[slot].replanCount += 1
        queries.elements[slot].isPatient = true
        ask(slot, setIndex: best.setIndex)
        return true
    }

    // MARK: Ending

    /// A shard has no answer and nothing more is tried. Ends the query when it cannot do without, or was the last open.
    mutating func failTask(_ slot: Int, _ taskIndex: Int, _ failure: ShardFailure) {
        settle(slot, taskIndex, failure)
        if !queries.elements[slot].plan.allowPartial {
            finish(slot, failure: queryFailure(failure, coverage: queries.elements[slot].coverage))
        } else if queries.elements[slot].openTaskCount == 0 {
            finishWithWhatThereIs(slot)
        }
    }

    private mutating func settle(_ slot: Int, _ taskIndex: Int, _ failure: ShardFailure) {
        queries.elements[slot].tasks[taskIndex].phase = .failed
        queries.elements[slot].tasks[taskIndex].failure = failure
        queries.elements[slot].tasks[taskIndex].hedgeAt = .distantFuture
        queries.elements[slot].openTaskCount -= 1
    }

    /// The query's time is up.
    mutating func expire(_ slot: Int) {
        let query = queries.elements[slot]
        if query.plan.allowPartial, query.answeredTaskCount > 0 {
            finishWithWhatThereIs(slot)
            return
        }
        var reason = ShardFailure.deadline
        if query.isWaiting { reason = query.waitingReason }
        finish(slot, failure: queryFailure(reason, coverage: query.coverage))
    }

    /// Merges the answered shards; fails when there is none.
    mutating func finishWithWhatThereIs(_ slot: Int) {
        let coverage = queries.elements[slot].coverage
        guard coverage.answeredCount > 0 else {
            let failure = queries.elements[slot].tasks.first { $0.phase == .failed }?.failure ?? .noReplica
            finish(slot, failure: queryFailure(failure, coverage: coverage))
            return
        }
        var lists: [[ScoredID]] = []
        lists.reserveCapacity(coverage.answeredCount)
        var appliedSeq = Int64.max
        var guarantee = ResultGuarantee.exact
        for task in queries.elements[slot].tasks where task.phase == .answered {
            lists.append(task.hits)
            appliedSeq = min(appliedSeq, task.appliedSeq)
            guarantee = guarantee.lesser(task.guarantee)
        }
        let hits = HitMerger.merge(lists, resultLimit: queries.elements[slot].plan.resultLimit)
        if coverage.isFull { counters.queryCompletedCount += 1 } else { counters.queryPartialCount += 1 }
        let query = QueryID(rawValue: queries.ids[slot])
        release(slot)
        actions.append(
            .complete(
                query, MergedResult(hits: hits, coverage: coverage, appliedSeq: appliedSeq, guarantee: guarantee)))
    }

    mutating func finish(_ slot: Int, failure: QueryFailure) {
        counters.queryFailedCount += 1
        let query = QueryID(rawValue: queries.ids[slot])
        release(slot)
        actions.append(.fail(query, failure))
    }

    /// Takes the query out of everything.
    private mutating func release(_ slot: Int) {
        stopWaiting(slot)
        cancelAttempts(slot)
        queryTimers.remove(slot)
        let collectionSlot = queries.elements[slot].collectionSlot
        // The hits are let go of now, not when the slot is used again.
        queries.elements[slot].tasks.removeAll(keepingCapacity: queries.elements[slot].tasks.capacity <= 32)
        queries.remove(slot)
        collectionStates.elements[collectionSlot].pendingQueryCount -= 1
        if collectionStates.elements[collectionSlot].pendingQueryCount == 0 { lingerUnlessUsed(collectionSlot) }
    }

    func queryFailure(_ failure: ShardFailure, coverage: ShardCoverage) -> QueryFailure {
        switch failure {
        case .noReplica: coverage.totalCount > 1 ? .partial(coverage) : .noWorkers
        case .busy(let nanoseconds): .allBusy(retryAfter: .nanoseconds(nanoseconds))
        case .notCaughtUp(let appliedSeq): .notCaughtUp(appliedSeq: appliedSeq)
        case .deadline: .deadlineExceeded(coverage)
        case .faulty: .workersFailed(coverage)
        }
    }
}
