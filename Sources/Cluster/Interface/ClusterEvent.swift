/// Something that happened, told to `Cluster.handle`. What is late, doubled or about something unknown changes nothing
/// and is counted.
public enum ClusterEvent: Sendable {
    case announced(WorkerAnnouncement)
    /// The worker is leaving: it answers what it has and takes nothing new.
    case saidGoodbye(WorkerIncarnation)
    /// A worker has applied the feed up to `appliedSeq`, seen from something other than an announcement (a feed request
    /// "after seq" says as much). A sign of life too.
    case progressed(WorkerIncarnation, ReplicaKey, appliedSeq: Int64)
    /// The connection to its search endpoint closed or could not be made. Everything in flight there has failed.
    case connectionLost(WorkerIncarnation)
    case connectionRestored(WorkerIncarnation)
    /// A worker's answer to an attempt: the best hits of its shard, how far it had applied the feed, and how sure it is of
    /// the hits. They are expected best first; others are sorted.
    case attemptSucceeded(AttemptID, appliedSeq: Int64, hits: [ScoredID], guarantee: ResultGuarantee = .unknown)
    case attemptFailed(AttemptID, AttemptFailure)
    /// The caller is no longer interested; the query ends without `complete` or `fail`.
    case queryCancelled(QueryID)
    /// The timer that `ClusterAction.setTimer` asked for has fired. A tick at any other time does no harm.
    case tick
}

/// Something the caller of `Cluster` has to do, in the order given.
public enum ClusterAction: Sendable, Hashable {
    /// Connect to a worker's search endpoint, and reconnect by yourself after a loss, until `disconnect`. Report losses
    /// and reconnections.
    case connect(WorkerIncarnation, endpoint: String)
    /// The worker is gone: give the connection up. What is in flight there needs no report; the actions that follow ask
    /// others in its place.
    case disconnect(WorkerIncarnation)
    /// The announcement changed nothing. Tell the peer or the log.
    case rejectAnnouncement(WorkerIncarnation, endpoint: String, AnnouncementRejection)
    case send(AttemptDispatch)
    /// The attempt's answer is no longer wanted: tell the worker, forget it.
    case cancel(AttemptID, WorkerIncarnation)
    /// The query is answered. It ends here.
    case complete(QueryID, MergedResult)
    /// The query has no answer. It ends here.
    case fail(QueryID, QueryFailure)
    /// Send a `tick` at this moment. There is one timer: this replaces what was set before.
    case setTimer(ClusterInstant)
}

/// A request to one worker for one shard of one query.
public struct AttemptDispatch: Sendable, Hashable {
    public var attempt: AttemptID
    public var query: QueryID
    public var worker: WorkerIncarnation
    /// 0..<`shardCount`.
    public var shardIndex: Int
    public var shardCount: Int
    /// What is left of the query's time; above zero.
    public var remaining: Duration
    /// Whether it races another attempt for the same shard.
    public var isHedge: Bool
}
