/// What is known of one incarnation of a worker.
struct Worker: Sendable {
    var incarnation: WorkerIncarnation
    var endpoint: String
    var version = ""
    var memoryBytes = 0
    var memoryLimitBytes = 0
    /// Requests it may have at once.
    var outstandingCountMax = 0
    var lastHeard: ClusterInstant
    /// Silent for longer than `suspectAfter`.
    var isSuspect = false
    /// It said goodbye. It holds no replicas any more, and is kept for a while so that its late messages are known as such.
    var isDeparted = false
    /// As far as is known. True at first: the connection is being made.
    var isConnected = true
    /// `disconnect` has been asked for.
    var isGivenUp = false
    /// It is left alone until then, after BUSY or repeated losses.
    var notBefore = ClusterInstant(nanoseconds: .min)
    /// BUSY answers, and losses of the connection, since the last success.
    var busyStreak = 0
    var lossStreak = 0
    /// The slots of what is in flight there. The order means nothing.
    var attemptSlots: [Int] = []
    var latency = MovingLatency()
    var answeredCount = 0
    var failedCount = 0
    var replicas: [ReplicaPlace] = []

    init(announcement: WorkerAnnouncement, now: ClusterInstant) {
        incarnation = announcement.worker
        endpoint = announcement.endpoint
        lastHeard = now
    }
}

/// Where a worker's replica stands in the cluster's books.
struct ReplicaPlace: Sendable, Hashable {
    var collectionSlot: Int
    var shardCount: Int
    var shardIndex: Int
}
