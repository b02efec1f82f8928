/// One replica of one shard.
struct Replica: Sendable {
    var shardIndex: Int
    var workerSlot: Int
    var appliedSeq: Int64
    var state: ReplicaState
    var vectorCount: Int
    var memoryBytes: Int
    var recall: MeasuredRecall?
    var bytesPerVector: Int
    var isFull: Bool

    /// Whether its answer to a query is right: whole, and not before `minSeq`, which a ready replica waits for.
    func canAnswer(minSeq: Int64) -> Bool {
        state != .catchingUp || (minSeq > 0 && appliedSeq >= minSeq)
    }
}

/// The replicas of a collection that is cut into `shardCount` shards. While a collection is resharded it has two sets.
struct ShardSet: Sendable {
    var shardCount: Int
    /// By shard index; among replicas of a shard the order means nothing. Memory follows what is held, not `shardCount`.
    var replicas: [Replica] = []

    /// The replicas of one shard.
    func range(of shardIndex: Int) -> Range<Int> {
        if shardCount == 1 { return 0..<replicas.count }
        let start = lowerBound(shardIndex)
        var end = start
        while end < replicas.count, replicas[end].shardIndex == shardIndex { end += 1 }
        return start..<end
    }

    func index(of shardIndex: Int, workerSlot: Int) -> Int? {
        range(of: shardIndex).first { replicas[$0].workerSlot == workerSlot }
    }

    mutating func insert(_ replica: Replica) {
        replicas.insert(replica, at: lowerBound(replica.shardIndex))
    }

    /// The first place whose shard is not below `shardIndex`.
    private func lowerBound(_ shardIndex: Int) -> Int {
        var low = 0
        var high = replicas.count
        while low < high {
            let middle = (low + high) / 2
            if replicas[middle].shardIndex < shardIndex { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What is known of one collection.
struct CollectionState: Sendable {
    var name: String
    /// In the order in which they were first seen: the last one is the newest.
    var sets: [ShardSet] = []
    var latency: LatencySketch
    /// When a replica that could be asked was last lost.
    var replicaLostAt: ClusterInstant
    var pendingQueryCount = 0
    /// The queries that wait, by slot, oldest first: a list linked through the queries themselves; -1 ends it.
    var firstWaiting = -1
    var lastWaiting = -1
    /// Set within one event when waiting queries have to be looked at, and whether all of them.
    var isWakeNoted = false
    var isWakeForAll = false

    func setIndex(shardCount: Int) -> Int? {
        sets.firstIndex { $0.shardCount == shardCount }
    }
}
