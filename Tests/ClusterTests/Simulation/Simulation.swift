import Cluster

/// One gateway's cluster state and its workers on a network drawn from a seed, in simulated time. The same scenario gives
/// the same run.
struct Simulation {
    enum Happening {
        case event(ClusterEvent)
        case timer(generation: Int)
        case startQuery
        case cancelQuery(QueryID)
        case write
        case heartbeat(worker: Int, bootEpoch: UInt64)
        case apply(worker: Int, bootEpoch: UInt64)
        case request(AttemptDispatch, minSeq: Int64, resultLimit: Int)
        case answer(AttemptDispatch, minSeq: Int64, resultLimit: Int, until: Int64)
        case disturb
        case restart(worker: Int)
        case leave(worker: Int)
        case stop(worker: Int)
        case joinSecondSet
    }

    let scenario: Scenario
    var random: SimulationRandom
    var cluster: Cluster
    var oracle: Oracle
    var workers: [SimulatedWorker] = []
    var head: Int64 = 20
    var now: Int64 = 1_000_000_000
    let start: Int64 = 1_000_000_000
    var queue = HappeningQueue()
    var timerGeneration = 0
    var isQuiet = false
    var eventCount = 0
    /// Prints every event and action.
    var isTraced = false
    /// A disturbance is under way until the worker is seen to be ready again.
    var disturbedWorker: Int?

    init(_ scenario: Scenario) {
        self.scenario = scenario
        random = SimulationRandom(seed: scenario.seed)
        cluster = Cluster(
            configuration: scenario.configuration, seed: scenario.seed, startedAt: ClusterInstant(nanoseconds: start))
        oracle = Oracle(configuration: scenario.configuration, startedAt: start)
    }

    // MARK: The run

    mutating func run() {
        for shardIndex in 0..<scenario.shardCount {
            for _ in 0..<scenario.replicaCount { addWorker(shardIndex: shardIndex, shardCount: scenario.shardCount) }
        }
        let duration = scenario.duration.nanoseconds
        // In the fair scenario, queries begin when all workers have had time to announce themselves as ready.
        let lead: Int64 = scenario.isOneAtATime ? 5_000_000_000 : 0
        for _ in 0..<scenario.queryCount {
            schedule(.startQuery, after: Int64.random(in: lead...duration, using: &random))
        }
        for index in 0..<scenario.disturbanceCount {
            let at = scenario.isOneAtATime
                ? lead + (duration - lead) / Int64(scenario.disturbanceCount) * Int64(index)
                : Int64.random(in: 0...duration, using: &random)
            schedule(.disturb, after: at)
        }
        if scenario.reshardTo > 0 { schedule(.joinSecondSet, after: duration / 2) }
        schedule(.write, after: 0)
        runQueue(until: start + duration)
        // Nothing new goes wrong while the last queries are answered.
        let lastAnswer = scenario.isOneAtATime ? duration + scenario.queryTime.upperBound.nanoseconds : duration
        runQueue(until: start + lastAnswer)
        // Quiet: no new queries, everyone's workers fall silent for good, and all that is left runs out.
        isQuiet = true
        for index in workers.indices { workers[index].isUp = false }
        runQueue(until: start + lastAnswer + 80_000_000_000)
        checkBooks()
        oracle.checkTheEnd(cluster, at: now)
    }

    private mutating func runQueue(until end: Int64) {
        while oracle.violations.isEmpty, let (moment, happening) = queue.pop(notAfter: end) {
            now = max(now, moment)
            happen(happening)
        }
        now = max(now, end)
    }

    mutating func schedule(_ happening: Happening, after delay: Int64) {
        queue.push(happening, at: now + max(0, delay))
    }

    mutating func addWorker(shardIndex: Int, shardCount: Int) {
        let index = workers.count
        workers.append(
            SimulatedWorker(
                id: WorkerID("worker-\(index)"), endpoint: "tcp://127.0.0.1:\(7000 + index)", shardIndex: shardIndex,
                shardCount: shardCount))
        workers[index].applyCount = Int64(random.int(2...20))
        boot(index)
    }

    private mutating func boot(_ index: Int) {
        workers[index].isUp = true
        workers[index].state = .catchingUp
        workers[index].appliedSeq = 0
        workers[index].workingCount = 0
        let epoch = workers[index].bootEpoch
        schedule(.heartbeat(worker: index, bootEpoch: epoch), after: random.nanoseconds(.zero...(.milliseconds(300))))
        schedule(.apply(worker: index, bootEpoch: epoch), after: 0)
    }

    // MARK: What happens

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .event(let event): deliver(event)
        case .timer(let generation): if generation == timerGeneration { deliver(.tick) }
        case .startQuery: startQuery()
        case .cancelQuery(let id): if oracle.queries[id]?.isEnded == false { deliver(.queryCancelled(id)) }
        case .write:
            head += 1
            if !isQuiet { schedule(.write, after: 400_000_000) }
        case .heartbeat(let index, let epoch): heartbeat(index, epoch)
        case .apply(let index, let epoch): apply(index, epoch)
        case .request(let dispatch, let minSeq, let limit): request(dispatch, minSeq: minSeq, resultLimit: limit)
        case .answer(let dispatch, let minSeq, let limit, let until):
            answer(dispatch, minSeq: minSeq, resultLimit: limit, until: until)
        case .disturb: disturb()
        case .restart(let index):
            guard !isQuiet else { return }
            workers[index].bootEpoch += 1
            boot(index)
        case .leave(let index): leave(index)
        case .stop(let index): workers[index].isUp = false
        case .joinSecondSet: joinSecondSet()
        }
    }

    private mutating func startQuery() {
        var minSeq: Int64 = 0
        if random.chance(scenario.minSeqShare) { minSeq = head - Int64(random.int(0...3)) }
        let plan = QueryPlan(
            collection: "jobs", minSeq: minSeq,
            deadline: ClusterInstant(nanoseconds: now + random.nanoseconds(scenario.queryTime)),
            allowPartial: random.chance(scenario.partialShare), resultLimit: random.pick([1, 5, 10, 50]))
        var actions: [ClusterAction] = []
        let id = cluster.startQuery(plan, now: ClusterInstant(nanoseconds: now), actions: &actions)
        oracle.started(id, plan, at: now)
        if random.chance(scenario.cancelShare) {
            schedule(.cancelQuery(id), after: random.nanoseconds(.zero...(.milliseconds(20))))
        }
        perform(actions)
    }

    mutating func deliver(_ event: ClusterEvent) {
        var actions: [ClusterAction] = []
        if isTraced, case .tick = event {} else if isTraced { print("\(Double(now) / 1e9) \(event)") }
        oracle.willHandle(event, at: now)
        cluster.handle(event, now: ClusterInstant(nanoseconds: now), actions: &actions)
        perform(actions)
    }

    private mutating func perform(_ actions: [ClusterAction]) {
        for action in actions {
            oracle.did(action, at: now)
            if isTraced { print("    \(Double(now) / 1e9) \(action)") }
            switch action {
            case .send(let dispatch): send(dispatch)
            case .setTimer(let moment):
                timerGeneration += 1
                queue.push(.timer(generation: timerGeneration), at: max(now, moment.nanoseconds))
            case .complete, .fail, .cancel, .connect, .disconnect, .rejectAnnouncement: break
            }
        }
        // Reading all books costs as much as many events; a fault in them stays there to be found.
        eventCount += 1
        if eventCount % 16 == 0 { checkBooks() }
        if scenario.isOneAtATime { seeWhetherRecovered() }
    }

    private mutating func checkBooks() {
        let problems = cluster.bookProblems()
        oracle.check(problems.isEmpty, "the books agree: \(problems)")
    }

    /// In the fair scenario the next disturbance comes only when the gateway sees the last worker ready again.
    private mutating func seeWhetherRecovered() {
        guard let index = disturbedWorker, workers[index].isUp, workers[index].state == .ready,
            now > max(workers[index].cutOffUntil, workers[index].slowUntil)
        else { return }
        let health = cluster.health(of: "jobs", headSeq: head)
        let shard = health.shards.first { $0.shardIndex == workers[index].shardIndex }
        let isSeen = cluster.snapshot(now: ClusterInstant(nanoseconds: now)).workers.contains {
            $0.worker == workers[index].incarnation && $0.status == .alive && $0.silence < .milliseconds(1500)
        }
        if isSeen, shard?.readyReplicaCount == scenario.replicaCount { disturbedWorker = nil }
    }
}
