/// The times and bounds of the cluster logic. The defaults suit a local network and searches of milliseconds.
public struct ClusterConfiguration: Sendable, Hashable {
    // MARK: Who is alive

    /// How often a worker announces itself.
    public var heartbeatInterval: Duration = .seconds(1)
    /// Silence after which a worker is asked only when no other is there, and what it was asked is asked of another too.
    public var suspectAfter: Duration = .milliseconds(2500)
    /// Silence after which a worker is forgotten. Above `suspectAfter`.
    public var deadAfter: Duration = .seconds(5)

    // MARK: Hedges and retries

    /// An attempt that takes longer than this share of the collection's recent attempts is raced by a second one. 0.5...1.
    public var hedgeQuantile = 0.95
    /// A hedge is never sent earlier than this.
    public var hedgeDelayMin: Duration = .milliseconds(5)
    /// A hedge is never sent later than this, and at this time while too few answers are known. At least `hedgeDelayMin`.
    public var hedgeDelayMax: Duration = .milliseconds(250)
    /// Retries and hedges that each first attempt pays for. 0...1.
    public var retryRatio = 0.1
    /// Retries and hedges that are free in every second, for a cluster with little traffic.
    public var retryReservePerSecond = 10.0
    /// What retries and hedges can be saved up to. At least 1.
    public var retryTokenCountMax = 100.0
    /// Attempts for one shard of one query, the first one and hedges included. 1...8.
    public var attemptCountMax = 6

    // MARK: Bounds

    /// Requests that one worker may have at once.
    public var outstandingRequestCountMax = 128
    /// Queries that may run at once. At most 1,048,575.
    public var pendingQueryCountMax = 8192
    /// Of those, how many may wait for a replica that was just lost, or for room on the ones that remain.
    public var waitingQueryCountMax = 1024
    /// How long after the loss of a replica a query waits for one to come back in place of failing: a lone worker that
    /// restarts costs latency, not errors. Counted from the start of the process as well. Zero: never wait.
    public var waitForReplica: Duration = .seconds(5)
    /// The longest a query may take, whatever its deadline says.
    public var queryDurationMax: Duration = .seconds(60)
    /// How long a worker is left alone after BUSY: what it asks for, within these bounds. The lower bound doubles with
    /// each BUSY in a row.
    public var backOffMin: Duration = .milliseconds(10)
    /// At least `backOffMin`.
    public var backOffMax: Duration = .seconds(1)
    public var workerCountMax = 1024
    public var replicasPerWorkerCountMax = 4096
    public var collectionCountMax = 4096

    public init() {}

    /// The first rule that does not hold, as a sentence for the operator; `nil` when the configuration can be used.
    public var problem: String? {
        if heartbeatInterval <= .zero { return "heartbeatInterval must be above zero" }
        if suspectAfter < heartbeatInterval { return "suspectAfter must be at least heartbeatInterval" }
        if deadAfter <= suspectAfter { return "deadAfter must be above suspectAfter" }
        if !(0.5...1).contains(hedgeQuantile) { return "hedgeQuantile must be 0.5...1" }
        if hedgeDelayMin <= .zero { return "hedgeDelayMin must be above zero" }
        if hedgeDelayMax < hedgeDelayMin { return "hedgeDelayMax must be at least hedgeDelayMin" }
        if !(0...1).contains(retryRatio) { return "retryRatio must be 0...1" }
        if !(0...1_000_000).contains(retryReservePerSecond) { return "retryReservePerSecond must be 0...1000000" }
        if !(1...1_000_000).contains(retryTokenCountMax) { return "retryTokenCountMax must be 1...1000000" }
        if !(1...8).contains(attemptCountMax) { return "attemptCountMax must be 1...8" }
        if outstandingRequestCountMax < 1 { return "outstandingRequestCountMax must be at least 1" }
        if !(1...0xF_FFFF).contains(pendingQueryCountMax) { return "pendingQueryCountMax must be 1...1048575" }
        if waitingQueryCountMax < 0 { return "waitingQueryCountMax must not be negative" }
        if waitForReplica < .zero { return "waitForReplica must not be negative" }
        if queryDurationMax <= .zero { return "queryDurationMax must be above zero" }
        if backOffMin <= .zero { return "backOffMin must be above zero" }
        if backOffMax < backOffMin { return "backOffMax must be at least backOffMin" }
        if workerCountMax < 1 { return "workerCountMax must be at least 1" }
        if replicasPerWorkerCountMax < 1 { return "replicasPerWorkerCountMax must be at least 1" }
        if collectionCountMax < 1 { return "collectionCountMax must be at least 1" }
        return nil
    }
}
