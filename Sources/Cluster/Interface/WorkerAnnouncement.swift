/// The name a worker keeps over restarts. 1...128 bytes of UTF-8.
public struct WorkerID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var name: String

    public init(_ name: String) {
        self.name = name
    }

    public static func < (a: WorkerID, b: WorkerID) -> Bool { a.name < b.name }
    public var description: String { name }
}

/// One run of a worker's process: the same worker after a restart has a higher boot epoch.
public struct WorkerIncarnation: Sendable, Hashable {
    public var id: WorkerID
    /// Grows with every start of this worker; the time of the start is a good one.
    public var bootEpoch: UInt64

    public init(id: WorkerID, bootEpoch: UInt64) {
        self.id = id
        self.bootEpoch = bootEpoch
    }
}

/// What a worker does with a replica.
public enum ReplicaState: Sendable, Hashable, CaseIterable {
    /// It reads the feed and does not hold everything yet. It is asked only for queries that name a `minSeq` which it
    /// has applied, and only when no ready replica is there.
    case catchingUp
    /// It holds everything up to `appliedSeq`, which was the head a moment ago.
    case ready
    /// It answers, and will be given up soon: asked when nothing else is there.
    case draining
}

/// Which part of which collection a replica holds.
public struct ReplicaKey: Sendable, Hashable {
    /// 1...128 bytes of UTF-8.
    public var collection: String
    /// 0..<`shardCount`.
    public var shardIndex: Int
    /// 1...4096.
    public var shardCount: Int

    public init(collection: String, shardIndex: Int = 0, shardCount: Int = 1) {
        self.collection = collection
        self.shardIndex = shardIndex
        self.shardCount = shardCount
    }
}

/// What searches through a replica's lists were measured to find, by replaying some of them exactly.
public struct MeasuredRecall: Sendable, Hashable {
    /// Of the ten truly nearest, the share that was found, 0...1.
    public var recallAt10: Float
    /// Since the replica was made.
    public var replayCount: Int

    public init(recallAt10: Float, replayCount: Int) {
        self.recallAt10 = recallAt10
        self.replayCount = replayCount
    }
}

/// What a worker says of one replica that it holds.
public struct ReplicaReport: Sendable, Hashable {
    public var key: ReplicaKey
    /// Every row of the feed up to this one is in the index. At least 0.
    public var appliedSeq: Int64
    public var state: ReplicaState
    public var vectorCount: Int
    public var memoryBytes: Int
    /// `nil`: none was replayed.
    public var recall: MeasuredRecall?
    /// What a row takes of memory; 0: it does not say.
    public var bytesPerVector: Int
    /// It has no memory for rows that are new to it, and holds less than there is. Asked where nothing better is there.
    public var isFull: Bool

    public init(
        key: ReplicaKey, appliedSeq: Int64, state: ReplicaState, vectorCount: Int = 0, memoryBytes: Int = 0,
        recall: MeasuredRecall? = nil, bytesPerVector: Int = 0, isFull: Bool = false
    ) {
        self.key = key
        self.appliedSeq = appliedSeq
        self.state = state
        self.vectorCount = vectorCount
        self.memoryBytes = memoryBytes
        self.recall = recall
        self.bytesPerVector = bytesPerVector
        self.isFull = isFull
    }
}

/// What a worker says of itself once every heartbeat interval, and at once when something changed.
///
/// It is the whole truth: a replica that is no longer listed is no longer held.
public struct WorkerAnnouncement: Sendable, Hashable {
    public var worker: WorkerIncarnation
    /// Where it answers searches. 1...256 bytes of UTF-8.
    public var endpoint: String
    public var replicas: [ReplicaReport]
    /// Searches it takes at once before it says BUSY; 0: it does not say. The lower of this and
    /// `ClusterConfiguration.outstandingRequestCountMax` holds.
    public var capacity: Int
    /// The release it runs, for operators to read. At most 128 bytes are kept.
    public var version: String
    /// Resident bytes of its process; 0: it does not say.
    public var memoryBytes: Int
    /// What it may take; 0: no limit.
    public var memoryLimitBytes: Int

    public init(
        worker: WorkerIncarnation, endpoint: String, replicas: [ReplicaReport], capacity: Int = 0, version: String = "",
        memoryBytes: Int = 0, memoryLimitBytes: Int = 0
    ) {
        self.worker = worker
        self.endpoint = endpoint
        self.replicas = replicas
        self.capacity = capacity
        self.version = version
        self.memoryBytes = memoryBytes
        self.memoryLimitBytes = memoryLimitBytes
    }
}

/// Why an announcement changed nothing.
public enum AnnouncementRejection: Error, Sendable, Hashable {
    /// A process with this id and a higher boot epoch is alive: a late message, or two processes share an id.
    case staleBootEpoch(knownBootEpoch: UInt64)
    /// This very incarnation is alive at another endpoint: two processes share id and epoch. The first one stays.
    case endpointConflict(knownEndpoint: String)
    /// It said goodbye, and this message is from before.
    case departed
    case invalidWorkerID
    case invalidEndpoint
    /// The replica at this index of the list has an empty or long collection name, a shard out of range, a negative
    /// number, or was listed before.
    case invalidReplica(index: Int)
    case tooManyReplicas(limit: Int)
    case tooManyWorkers(limit: Int)
    case tooManyCollections(limit: Int)
}
