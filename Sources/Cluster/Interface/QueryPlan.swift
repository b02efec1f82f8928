/// Names one query of one `Cluster`. Never used twice; a later query has a higher one.
public struct QueryID: Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public static func < (a: QueryID, b: QueryID) -> Bool { a.rawValue < b.rawValue }
}

/// Names one request for one shard to one worker. Never used twice; a later attempt has a higher one.
public struct AttemptID: Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public static func < (a: AttemptID, b: AttemptID) -> Bool { a.rawValue < b.rawValue }
}

/// What has to be known of a search to place it; the vector and the filter are the caller's.
public struct QueryPlan: Sendable, Hashable {
    public var collection: String
    /// Only answers from replicas that have applied this `seq` count; 0: any.
    public var minSeq: Int64
    /// The query ends, one way or the other, at the first event at or after this moment. Later than
    /// `ClusterConfiguration.queryDurationMax` from now is as much as that.
    public var deadline: ClusterInstant
    /// Whether the answer of some shards is better than none.
    public var allowPartial: Bool
    /// How many hits the merged result holds at most; each worker is asked for as many. At least 1. (For an offset, ask
    /// for offset + limit.)
    public var resultLimit: Int

    public init(
        collection: String, minSeq: Int64 = 0, deadline: ClusterInstant, allowPartial: Bool = false, resultLimit: Int
    ) {
        self.collection = collection
        self.minSeq = minSeq
        self.deadline = deadline
        self.allowPartial = allowPartial
        self.resultLimit = resultLimit
    }
}

/// One record that a search found.
public struct ScoredID: Sendable, Hashable {
    public var id: Int64
    /// Higher is better. Finite.
    public var score: Float

    public init(id: Int64, score: Float) {
        self.id = id
        self.score = score
    }

    /// The order of every list of hits: higher score first, equal scores by ascending id.
    public static func isBetter(_ a: ScoredID, than b: ScoredID) -> Bool {
        a.score != b.score ? a.score > b.score : a.id < b.id
    }
}

/// How many of a collection's shards something holds for.
public struct ShardCoverage: Sendable, Hashable {
    public var answeredCount: Int
    /// 0: no shard of the collection is known.
    public var totalCount: Int

    public init(answeredCount: Int, totalCount: Int) {
        self.answeredCount = answeredCount
        self.totalCount = totalCount
    }

    public var isFull: Bool { totalCount > 0 && answeredCount == totalCount }
}

/// The answer to a query.
public struct MergedResult: Sendable, Hashable {
    /// Best first, equal scores by ascending id, no id twice, at most the plan's `resultLimit`.
    public var hits: [ScoredID]
    /// Less than full only where the plan allowed it; at least one shard has answered.
    public var coverage: ShardCoverage
    /// Every shard that answered had applied at least this.
    public var appliedSeq: Int64
    /// Of the least sure of the shards that answered.
    public var guarantee: ResultGuarantee

    public init(
        hits: [ScoredID], coverage: ShardCoverage, appliedSeq: Int64, guarantee: ResultGuarantee = .unknown
    ) {
        self.hits = hits
        self.coverage = coverage
        self.appliedSeq = appliedSeq
        self.guarantee = guarantee
    }
}

/// Why a query has no answer.
public enum QueryFailure: Error, Sendable, Hashable {
    /// No replica of any shard can be asked.
    case noWorkers
    /// Some shards have no replica that can be asked, and the plan wants all of them.
    case partial(ShardCoverage)
    /// Every replica of a shard has as many requests as it takes, or said BUSY.
    case allBusy(retryAfter: Duration)
    /// As many queries as are allowed wait for answers.
    case tooManyQueries(limit: Int, retryAfter: Duration)
    case deadlineExceeded(ShardCoverage)
    /// No replica of a shard has applied `minSeq`; the furthest is at `appliedSeq`.
    case notCaughtUp(appliedSeq: Int64)
    /// Every worker that was asked for a shard answered with a fault of its own or with nonsense.
    case workersFailed(ShardCoverage)
}

/// Why an attempt has no answer.
public enum AttemptFailure: Error, Sendable, Hashable {
    /// The worker refused it; ask again after this long. Zero: it does not say.
    case busy(retryAfter: Duration)
    /// The worker did not reach `minSeq` in the time it had.
    case notCaughtUp(appliedSeq: Int64)
    /// It could not be sent, or the connection closed before the answer.
    case disconnected
    /// The worker dropped it because its time was up.
    case deadline
    /// The answer could not be understood.
    case malformed
    /// The worker has a fault, or does not hold the replica any more.
    case internalError
}
