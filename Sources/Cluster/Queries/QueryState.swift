/// One query that has not ended.
struct QueryState: Sendable {
    var plan = QueryPlan(collection: "", deadline: ClusterInstant(nanoseconds: 0), resultLimit: 1)
    var collectionSlot = 0
    /// The set of shards that is asked; 0 while the query waits for a full set.
    var shardCount = 0
    /// One for each shard of the set.
    var tasks: [ShardTask] = []
    /// Tasks that are neither answered nor failed.
    var openTaskCount = 0
    var answeredTaskCount = 0
    /// Times it was begun again on another set.
    var replanCount = 0
    /// It has been let in and has lost a replica or waited for one: lack of room makes it wait, not fail.
    var isPatient = false

    // While it waits:
    var isWaiting = false
    var nextWaiting = -1
    var previousWaiting = -1
    /// When it has to be looked at again.
    var waitingUntil = ClusterInstant.distantFuture
    /// Why it waits: what it fails with at its deadline.
    var waitingReason = ShardFailure.noReplica

    var coverage: ShardCoverage { ShardCoverage(answeredCount: answeredTaskCount, totalCount: tasks.count) }

    /// Makes a used slot's value as good as new and keeps its buffer, unless that is large.
    mutating func reset(plan: QueryPlan, collectionSlot: Int) {
        var buffer = tasks
        tasks = []
        buffer.removeAll(keepingCapacity: buffer.capacity <= 32)
        self = QueryState()
        self.plan = plan
        self.collectionSlot = collectionSlot
        tasks = buffer
    }
}

/// The part of a query that is one shard's.
struct ShardTask: Sendable {
    enum Phase: Sendable { case asking, waiting, answered, failed }

    var phase = Phase.asking
    /// The slots of the attempts in flight, -1 for none. The second races the first.
    var first = -1
    var second = -1
    /// First attempt, retries and hedges.
    var attemptCount = 0
    /// Attempts in place of those on lost or silent workers.
    var rescueCount = 0
    /// The slots of the workers that were asked last.
    var tried = SIMD8<Int32>(repeating: -1)
    /// When a second attempt is due.
    var hedgeAt = ClusterInstant.distantFuture
    var failure = ShardFailure.noReplica
    var hits: [ScoredID] = []
    var appliedSeq: Int64 = 0
    var guarantee = ResultGuarantee.unknown

    var isInFlight: Bool { first >= 0 || second >= 0 }
    var isRacing: Bool { first >= 0 && second >= 0 }

    func hasTried(_ workerSlot: Int) -> Bool {
        any(tried .== Int32(truncatingIfNeeded: workerSlot))
    }

    mutating func noteTried(_ workerSlot: Int) {
        tried[(attemptCount + rescueCount) % 8] = Int32(truncatingIfNeeded: workerSlot)
    }

    mutating func removeAttempt(_ slot: Int) {
        if first == slot {
            first = second
            second = -1
        } else if second == slot {
            second = -1
        }
    }
}

/// Why a shard has no answer.
enum ShardFailure: Sendable {
    case noReplica
    case busy(retryAfterNanoseconds: Int64)
    case notCaughtUp(appliedSeq: Int64)
    case deadline
    case faulty
}

/// One request that is in flight.
struct Attempt: Sendable {
    enum Kind: Sendable { case first, retry, hedge, rescue }

    var querySlot = 0
    var taskIndex = 0
    var workerSlot = 0
    /// Its place in the worker's `attemptSlots`.
    var placeAtWorker = 0
    var sentAt = ClusterInstant(nanoseconds: 0)
    var kind = Kind.first
}

extension ClusterInstant {
    static let distantFuture = ClusterInstant(nanoseconds: .max)
}
