/// What has happened since the start. Every field only grows.
public struct ClusterCounters: Sendable, Hashable {
    public var queryStartedCount = 0
    /// Answers of every shard.
    public var queryCompletedCount = 0
    /// Answers of some shards, to queries that allow it.
    public var queryPartialCount = 0
    public var queryFailedCount = 0
    public var queryCancelledCount = 0
    /// Queries begun again on another full set of shards.
    public var queryReplannedCount = 0
    /// Times a query had to wait for a replica or for room on one.
    public var queryWaitedCount = 0
    /// First attempts for a shard.
    public var firstAttemptCount = 0
    /// Attempts after a BUSY, a fault or a replica behind; paid from the retry budget.
    public var retryCount = 0
    /// Second attempts while the first runs on; paid from the retry budget.
    public var hedgeCount = 0
    /// Hedges that answered first.
    public var hedgeWonCount = 0
    /// Attempts that replace one on a lost or silent worker; never refused by the budget.
    public var rescueCount = 0
    /// Retries and hedges that the budget did not allow.
    public var budgetRefusedCount = 0
    public var busyCount = 0
    /// Answers that broke the contract: more hits than asked for, or scores that are no numbers.
    public var malformedAnswerCount = 0
    /// Reports about attempts that had ended.
    public var lateReportCount = 0
    /// Events about workers, incarnations or queries that are not known.
    public var unknownEventCount = 0
    public var announcementRejectedCount = 0
    /// Workers forgotten after silence.
    public var workerDeadCount = 0
    /// Workers replaced by their own restart.
    public var workerReplacedCount = 0
    public var connectionLostCount = 0
    /// Times this process itself stood still so long that silence of workers proved nothing.
    public var ownPauseCount = 0
}
