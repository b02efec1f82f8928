import Cluster

/// Watches a simulation from outside and knows, by other means than the cluster's own books, what is allowed.
struct Oracle {
    struct Query {
        var plan: QueryPlan
        var startedAt: Int64
        var isEnded = false
        /// By shard count and index: the answer that was accepted last.
        var answers: [ReplicaKey: (appliedSeq: Int64, hits: [ScoredID])] = [:]
    }
    struct Attempt {
        var query: QueryID
        var worker: WorkerIncarnation
        var key: ReplicaKey
    }

    let configuration: ClusterConfiguration
    let startedAt: Int64
    var violations: [String] = []
    var queries: [QueryID: Query] = [:]
    /// In flight, as far as the caller knows.
    var attempts: [AttemptID: Attempt] = [:]
    var outstanding: [WorkerIncarnation: Int] = [:]
    /// Incarnations that may be asked, with their last sign of life.
    var lastHeard: [WorkerIncarnation: Int64] = [:]
    var newestEpoch: [WorkerID: UInt64] = [:]
    var lastAttempt: AttemptID?
    var lastQuery: QueryID?
    var sendCount = 0
    var lostCount = 0
    var completedCount = 0
    var partialCount = 0
    var failures: [QueryFailure: Int] = [:]
    var failedCount = 0
    var latencyMax: Int64 = 0
    /// Of everything that happened, to compare two runs.
    var trace: UInt64 = 14_695_981_039_346_656_037

    init(configuration: ClusterConfiguration, startedAt: Int64) {
        self.configuration = configuration
        self.startedAt = startedAt
    }

    mutating func check(_ condition: Bool, _ sentence: @autoclosure () -> String) {
        if !condition, violations.count < 5 { violations.append(sentence()) }
    }

    mutating func started(_ id: QueryID, _ plan: QueryPlan, at now: Int64) {
        check(lastQuery.map { $0 < id } ?? true, "query ids ascend")
        lastQuery = id
        queries[id] = Query(plan: plan, startedAt: now)
    }

    /// Called before the cluster sees the event.
    mutating func willHandle(_ event: ClusterEvent, at now: Int64) {
        switch event {
        case .announced(let announcement):
            let worker = announcement.worker
            if worker.bootEpoch > newestEpoch[worker.id] ?? 0 {
                if let old = newestEpoch[worker.id] { lose(WorkerIncarnation(id: worker.id, bootEpoch: old)) }
                newestEpoch[worker.id] = worker.bootEpoch
            }
            if worker.bootEpoch == newestEpoch[worker.id] { lastHeard[worker] = now }
        case .saidGoodbye(let worker): lastHeard[worker] = nil
        case .progressed(let worker, _, _): if lastHeard[worker] != nil { lastHeard[worker] = now }
        case .connectionLost(let worker): lose(worker)
        case .connectionRestored(let worker):
            if worker.bootEpoch == newestEpoch[worker.id] { lastHeard[worker] = now }
        case .attemptSucceeded(let id, let appliedSeq, let hits, _):
            guard let attempt = close(id) else { return }
            if lastHeard[attempt.worker] != nil { lastHeard[attempt.worker] = now }
            let plan = queries[attempt.query]!.plan
            if appliedSeq >= plan.minSeq, hits.count <= plan.resultLimit, hits.allSatisfy({ $0.score.isFinite }) {
                queries[attempt.query]!.answers[attempt.key] = (appliedSeq, hits)
            }
        case .attemptFailed(let id, let failure):
            guard let attempt = close(id) else { return }
            if failure == .disconnected {
                lostCount += 1
                lose(attempt.worker)
            } else if lastHeard[attempt.worker] != nil {
                lastHeard[attempt.worker] = now
            }
        case .queryCancelled(let id): if queries[id] != nil { queries[id]!.isEnded = true }
        case .tick: break
        }
    }

    private mutating func lose(_ worker: WorkerIncarnation) {
        lastHeard[worker] = nil
        for (id, attempt) in attempts where attempt.worker == worker {
            _ = close(id)
            lostCount += 1
        }
    }

    private mutating func close(_ id: AttemptID) -> Attempt? {
        guard let attempt = attempts.removeValue(forKey: id) else { return nil }
        outstanding[attempt.worker]! -= 1
        return attempt
    }

    /// Called for every action, in order.
    mutating func did(_ action: ClusterAction, at now: Int64) {
        note(action, at: now)
        switch action {
        case .send(let dispatch): checkSend(dispatch, at: now)
        case .cancel(let id, let worker):
            check(attempts[id]?.worker == worker, "only what is in flight is cancelled")
            _ = close(id)
        case .complete(let id, let result): checkCompletion(id, result, at: now)
        case .fail(let id, let failure):
            failedCount += 1
            failures[failure, default: 0] += 1
            checkEnd(id, at: now)
        case .disconnect(let worker):
            lose(worker)
        case .setTimer(let moment): check(moment.nanoseconds >= 0, "timers are moments of the simulation")
        case .connect, .rejectAnnouncement: break
        }
    }

    private mutating func note(_ action: ClusterAction, at now: Int64) {
        var parts: [UInt64] = [UInt64(bitPattern: now)]
        switch action {
        case .send(let dispatch): parts += [1, dispatch.attempt.rawValue, dispatch.worker.bootEpoch]
        case .cancel(let id, _): parts += [2, id.rawValue]
        case .complete(let id, let result): parts += [3, id.rawValue, UInt64(result.hits.count)]
        case .fail(let id, _): parts += [4, id.rawValue]
        case .setTimer(let moment): parts += [5, UInt64(bitPattern: moment.nanoseconds)]
        case .connect, .disconnect, .rejectAnnouncement: parts += [6]
        }
        for part in parts { trace = (trace ^ part) &* 1_099_511_628_211 }
    }

    private mutating func checkSend(_ dispatch: AttemptDispatch, at now: Int64) {
        sendCount += 1
        check(lastAttempt.map { $0 < dispatch.attempt } ?? true, "attempt ids ascend")
        lastAttempt = dispatch.attempt
        let worker = dispatch.worker
        let heard = lastHeard[worker]
        check(heard != nil, "nothing is sent to a worker that is gone: \(worker)")
        check(now - (heard ?? now) < configuration.deadAfter.nanoseconds, "nothing is sent to a worker long silent")
        outstanding[worker, default: 0] += 1
        check(outstanding[worker]! <= configuration.outstandingRequestCountMax, "no worker has more than it takes")
        let key = ReplicaKey(
            collection: "jobs", shardIndex: dispatch.shardIndex, shardCount: dispatch.shardCount)
        let rivals = attempts.values.filter { $0.query == dispatch.query && $0.key == key }
        check(rivals.count <= 1, "no shard is raced by more than two")
        check(!rivals.contains { $0.worker == worker }, "no race of a worker with itself")
        check(dispatch.isHedge == !rivals.isEmpty, "a race is said to be one")
        attempts[dispatch.attempt] = Attempt(query: dispatch.query, worker: worker, key: key)
        guard let query = queries[dispatch.query] else {
            check(false, "only known queries are sent")
            return
        }
        check(!query.isEnded, "nothing is sent for a query that has ended")
        check(
            dispatch.remaining.nanoseconds == query.plan.deadline.nanoseconds - now,
            "a worker is told how much time is left")
    }

    private mutating func checkEnd(_ id: QueryID, at now: Int64) {
        guard let query = queries[id] else {
            check(false, "only known queries end")
            return
        }
        check(!query.isEnded, "every query ends once")
        check(now <= query.plan.deadline.nanoseconds, "every query ends by its deadline")
        check(!attempts.values.contains { $0.query == id }, "a query that has ended has nothing in flight")
        latencyMax = max(latencyMax, now - query.startedAt)
        queries[id]!.isEnded = true
    }

    private mutating func checkCompletion(_ id: QueryID, _ result: MergedResult, at now: Int64) {
        checkEnd(id, at: now)
        guard let query = queries[id] else { return }
        let coverage = result.coverage
        check(coverage.answeredCount >= 1 && coverage.answeredCount <= coverage.totalCount, "coverage is possible")
        check(coverage.isFull || query.plan.allowPartial, "less than all shards is an answer only where that is allowed")
        if coverage.isFull { completedCount += 1 } else { partialCount += 1 }
        check(result.appliedSeq >= query.plan.minSeq, "every answer has applied minSeq")
        let answers = query.answers.filter { $0.key.shardCount == coverage.totalCount }
        // Of a query that is partial only the number of its shards is known here, which the answers must come up to.
        guard coverage.answeredCount == answers.count else {
            check(false, "coverage is what was answered: \(coverage) of \(answers.keys)")
            return
        }
        let all = answers.values.flatMap(\.hits).sorted { ($1.score, $0.id) < ($0.score, $1.id) }
        check(Array(all.prefix(query.plan.resultLimit)) == result.hits, "the merged hits are the best of all")
        check(answers.values.map(\.appliedSeq).min() == result.appliedSeq, "appliedSeq is the lowest of all")
    }

    /// When the run is over and quiet.
    mutating func checkTheEnd(_ cluster: Cluster, at now: Int64) {
        check(queries.values.allSatisfy(\.isEnded), "every query has ended")
        check(attempts.isEmpty, "nothing is in flight when all is quiet")
        let counters = cluster.counters
        check(
            counters.firstAttemptCount + counters.retryCount + counters.hedgeCount + counters.rescueCount == sendCount,
            "every request is counted under one name")
        let seconds = Double(now - startedAt) / 1e9
        let allowed = configuration.retryReservePerSecond * (seconds + 1)
            + configuration.retryRatio * Double(counters.firstAttemptCount)
        check(Double(counters.retryCount + counters.hedgeCount) <= allowed + 1e-6, "the retry budget holds")
        check(
            counters.queryStartedCount
                == counters.queryCompletedCount + counters.queryPartialCount + counters.queryFailedCount
                + counters.queryCancelledCount, "every query is counted once")
    }
}
