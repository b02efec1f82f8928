internal import SwiftProtobuf

/// How far a replica is. The names are those of the administration pages.
public enum ReplicaState: String, Sendable, Hashable, CaseIterable {
    /// It knows its collection and has applied nothing yet.
    case starting
    /// It answers, and is behind.
    case catchingUp = "catching_up"
    /// It has reached a head that a gateway told it.
    case ready
    /// It answers what it has been asked and wants no more.
    case draining
}

/// One shard of one collection in one worker's memory.
public struct Replica: Sendable, Hashable {
    public var collection: String
    public var shard: ShardPlace
    /// Every change of the shard up to here is in it.
    public var appliedSeq: UInt64
    public var state: ReplicaState
    public var vectorCount: UInt64
    public var memoryBytes: UInt64
    /// The store whose feed was applied; empty before the first page.
    public var storeID: String
    public var generation: UInt64
    /// The share of the ten truly nearest rows, 0...1, that searches through lists were measured to find; `nil`: none was.
    public var recallAt10: Float?
    /// Searches that were replayed to measure it.
    public var recallReplayCount: UInt64
    /// Memory that a row takes, without its values of array columns and new strings.
    public var bytesPerVector: Int
    /// There is no memory for rows that are new here: of changes after `appliedSeq` it has deletions and replacements alone.
    public var isFull: Bool

    public init(
        collection: String, shard: ShardPlace = .whole, appliedSeq: UInt64 = 0, state: ReplicaState = .starting,
        vectorCount: UInt64 = 0, memoryBytes: UInt64 = 0, storeID: String = "", generation: UInt64 = 0,
        recallAt10: Float? = nil, recallReplayCount: UInt64 = 0, bytesPerVector: Int = 0, isFull: Bool = false
    ) {
        self.collection = collection
        self.shard = shard
        self.appliedSeq = appliedSeq
        self.state = state
        self.vectorCount = vectorCount
        self.memoryBytes = memoryBytes
        self.storeID = storeID
        self.generation = generation
        self.recallAt10 = recallAt10
        self.recallReplayCount = recallReplayCount
        self.bytesPerVector = bytesPerVector
        self.isFull = isFull
    }

    init(_ proto: ProtoReplica) throws(WireError) {
        self.init(
            collection: try Checked.collection(proto.collection),
            shard: try ShardPlace(decodingIndex: proto.shardIndex, count: proto.shardCount),
            appliedSeq: try Checked.seq(proto.appliedSeq, "applied_seq"), state: try ReplicaState(proto.state),
            vectorCount: proto.vectorCount, memoryBytes: proto.memoryBytes,
            storeID: try Checked.text(proto.storeID, max: WireLimits.storeIDBytesMax, "store_id"),
            generation: proto.generation,
            recallAt10: proto.hasRecallAt10 ? try Checked.share(proto.recallAt10, "recall_at_10") : nil,
            recallReplayCount: proto.recallReplayCount, bytesPerVector: Int(proto.bytesPerVector),
            isFull: proto.isFull)
    }

    var proto: ProtoReplica {
        var proto = ProtoReplica()
        proto.collection = collection
        proto.shardIndex = UInt32(clamping: shard.index)
        proto.shardCount = UInt32(clamping: shard.count)
        proto.appliedSeq = appliedSeq
        proto.state = state.proto
        proto.vectorCount = vectorCount
        proto.memoryBytes = memoryBytes
        proto.storeID = storeID
        proto.generation = generation
        if let recallAt10 { proto.recallAt10 = recallAt10 }
        proto.recallReplayCount = recallReplayCount
        proto.bytesPerVector = UInt32(clamping: bytesPerVector)
        proto.isFull = isFull
        return proto
    }
}

extension ReplicaState {
    fileprivate init(_ proto: ProtoReplicaState) throws(WireError) {
        switch proto {
        case .starting: self = .starting
        case .catchingUp: self = .catchingUp
        case .ready: self = .ready
        case .draining: self = .draining
        case .unspecified: throw .missing(field: "replicas.state")
        case .UNRECOGNIZED: throw .outOfRange(field: "replicas.state")
        }
    }

    fileprivate var proto: ProtoReplicaState {
        switch self {
        case .starting: .starting
        case .catchingUp: .catchingUp
        case .ready: .ready
        case .draining: .draining
        }
    }
}
