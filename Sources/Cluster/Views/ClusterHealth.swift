/// How one shard stands.
public struct ShardHealth: Sendable, Hashable {
    /// 0..<`CollectionHealth.shardCount`.
    public var shardIndex: Int
    /// Replicas on workers that are alive and connected, whatever their state.
    public var liveReplicaCount: Int
    /// Of those, the ones that queries are sent to.
    public var readyReplicaCount: Int
    /// Of those, the ones that have no memory for all there is.
    public var fullReplicaCount: Int
    /// Over ready replicas; `nil` when there is none.
    public var appliedSeqMin: Int64?
    public var appliedSeqMax: Int64?
}

/// How one collection stands: the set of shards that the next query would use.
public struct CollectionHealth: Sendable, Hashable {
    public var collection: String
    /// 0: no worker holds any of it.
    public var shardCount: Int
    public var shards: [ShardHealth]
    /// Shards with a ready replica.
    public var coverage: ShardCoverage
    /// Every ready replica has applied at least this, so that any search sees it; `nil` unless coverage is full.
    public var appliedSeqMin: Int64?
    /// Every shard has a ready replica that has applied at least this, so that a search naming it as `minSeq` does not
    /// wait; `nil` unless coverage is full.
    public var appliedSeqMax: Int64?
    /// The head of the feed minus `appliedSeqMin`, at least 0; `nil` unless coverage is full.
    public var lag: Int64?

    /// Whether some shard is held by replicas alone that have no memory for all there is.
    public var isFull: Bool { shards.contains { $0.fullReplicaCount > 0 && $0.fullReplicaCount == $0.readyReplicaCount } }
}

/// What is known of one worker, for operators.
public struct WorkerSnapshot: Sendable, Hashable {
    public enum Status: String, Sendable, Hashable {
        case alive, suspect, disconnected, departed
    }

    public var worker: WorkerIncarnation
    public var endpoint: String
    public var version: String
    public var status: Status
    /// Since the last sign of life.
    public var silence: Duration
    public var outstandingCount: Int
    public var outstandingCountMax: Int
    /// What remains of the time it is left alone after BUSY or repeated losses; zero when it is not.
    public var backOff: Duration
    /// Moving average of its answers' times; `nil` before the first.
    public var latency: Duration?
    public var answeredCount: Int
    public var failedCount: Int
    public var memoryBytes: Int
    /// 0: no limit.
    public var memoryLimitBytes: Int
    public var replicas: [ReplicaReport]
}

/// Everything at one moment, for operators: O(workers × replicas).
public struct ClusterSnapshot: Sendable, Hashable {
    /// By worker id.
    public var workers: [WorkerSnapshot]
    public var pendingQueryCount: Int
    public var waitingQueryCount: Int
    public var attemptCount: Int
    /// Retries and hedges that the budget would allow now.
    public var retryTokenCount: Double
    public var counters: ClusterCounters
}
