@testable import Cluster

/// A cluster with a clock that only tests move. Ticks are sent when they are due; actions pile up until taken.
struct ClusterDriver {
    var cluster: Cluster
    private(set) var now = ClusterInstant(nanoseconds: 1_000_000_000)
    private(set) var actions: [ClusterAction] = []
    private var timer: ClusterInstant?

    init(_ configuration: ClusterConfiguration = .init(), seed: UInt64 = 1) {
        cluster = Cluster(configuration: configuration, seed: seed, startedAt: now)
    }

    mutating func handle(_ event: ClusterEvent) {
        var new: [ClusterAction] = []
        cluster.handle(event, now: now, actions: &new)
        note(new)
    }

    mutating func start(
        _ collection: String = "jobs", minSeq: Int64 = 0, within time: Duration = .seconds(10), allowPartial: Bool = false,
        resultLimit: Int = 10
    ) -> QueryID {
        var new: [ClusterAction] = []
        let plan = QueryPlan(
            collection: collection, minSeq: minSeq, deadline: now.advanced(by: time), allowPartial: allowPartial,
            resultLimit: resultLimit)
        let id = cluster.startQuery(plan, now: now, actions: &new)
        note(new)
        return id
    }

    private mutating func note(_ new: [ClusterAction]) {
        for case .setTimer(let moment) in new { timer = moment }
        actions += new.filter { if case .setTimer = $0 { false } else { true } }
    }

    /// Lets time pass, with every tick that was asked for on the way.
    mutating func advance(_ time: Duration) {
        let end = now.advanced(by: time)
        while let next = timer, next <= end {
            now = max(now, next)
            timer = nil
            handle(.tick)
        }
        now = end
    }

    mutating func take() -> [ClusterAction] {
        defer { actions = [] }
        return actions
    }

    /// The requests among the actions, which are taken.
    mutating func takeSends() -> [AttemptDispatch] {
        take().compactMap { if case .send(let dispatch) = $0 { dispatch } else { nil } }
    }

    // MARK: Workers

    mutating func announce(
        _ name: String, epoch: UInt64 = 1, shard: Int = 0, of shardCount: Int = 1, appliedSeq: Int64 = 100,
        state: ReplicaState = .ready, capacity: Int = 0, endpoint: String? = nil
    ) {
        handle(.announced(Self.announcement(
            name, epoch: epoch, shard: shard, of: shardCount, appliedSeq: appliedSeq, state: state, capacity: capacity,
            endpoint: endpoint)))
    }

    static func announcement(
        _ name: String, epoch: UInt64 = 1, shard: Int = 0, of shardCount: Int = 1, appliedSeq: Int64 = 100,
        state: ReplicaState = .ready, capacity: Int = 0, endpoint: String? = nil
    ) -> WorkerAnnouncement {
        WorkerAnnouncement(
            worker: worker(name, epoch), endpoint: endpoint ?? "tcp://\(name)",
            replicas: [
                ReplicaReport(
                    key: ReplicaKey(collection: "jobs", shardIndex: shard, shardCount: shardCount),
                    appliedSeq: appliedSeq, state: state)
            ], capacity: capacity)
    }

    static func worker(_ name: String, _ epoch: UInt64 = 1) -> WorkerIncarnation {
        WorkerIncarnation(id: WorkerID(name), bootEpoch: epoch)
    }

    mutating func answer(
        _ dispatch: AttemptDispatch, appliedSeq: Int64 = 100, hits: [ScoredID] = [], guarantee: ResultGuarantee = .unknown
    ) {
        handle(.attemptSucceeded(dispatch.attempt, appliedSeq: appliedSeq, hits: hits, guarantee: guarantee))
    }
}

extension AttemptDispatch {
    var workerName: String { worker.id.name }
}
