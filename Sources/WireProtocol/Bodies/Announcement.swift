internal import SwiftProtobuf

/// What a worker says of itself, every heartbeat and at once after a change of state: ANNOUNCE.
public struct Announcement: WireRequest {
    public typealias Reply = AnnouncementReply
    public static let kind = MessageKind.announce

    public var workerID: String
    /// Larger after every start of this `workerID`: of two announcements the larger epoch is the living process.
    public var bootEpoch: UInt64
    /// Where the gateway connects to search, as a ZeroMQ endpoint.
    public var searchEndpoint: String
    /// Each shard of each collection once.
    public var replicas: [Replica]
    /// Searches that may wait; one more is answered `busy`.
    public var queueLimit: Int
    public var queueDepth: Int
    public var threadCount: Int
    /// Of searches since the last announcement, from receipt to reply; 0: there were none.
    public var latencyMicrosecondsP50: Int
    public var latencyMicrosecondsP95: Int
    public var latencyMicrosecondsP99: Int
    /// For people.
    public var softwareVersion: String
    /// What all replicas together may take; 0: no limit.
    public var memoryLimitBytes: UInt64

    public init(
        workerID: String, bootEpoch: UInt64, searchEndpoint: String, replicas: [Replica] = [], queueLimit: Int = 0,
        queueDepth: Int = 0, threadCount: Int = 1, latencyMicrosecondsP50: Int = 0, latencyMicrosecondsP95: Int = 0,
        latencyMicrosecondsP99: Int = 0, softwareVersion: String = "", memoryLimitBytes: UInt64 = 0
    ) {
        self.workerID = workerID
        self.bootEpoch = bootEpoch
        self.searchEndpoint = searchEndpoint
        self.replicas = replicas
        self.queueLimit = queueLimit
        self.queueDepth = queueDepth
        self.threadCount = threadCount
        self.latencyMicrosecondsP50 = latencyMicrosecondsP50
        self.latencyMicrosecondsP95 = latencyMicrosecondsP95
        self.latencyMicrosecondsP99 = latencyMicrosecondsP99
        self.softwareVersion = softwareVersion
        self.memoryLimitBytes = memoryLimitBytes
    }

    public init(decoding content: MessageContent) throws(WireError) {
        try self.init(try ProtobufBody.decode(content, as: ProtoAnnouncement.self))
    }

    public func encoded() throws(WireError) -> MessageContent { try ProtobufBody.encode(proto, isReply: false) }

    init(_ proto: ProtoAnnouncement) throws(WireError) {
        try Checked.elements(proto.replicas, max: WireLimits.replicaCountMax, "replicas")
        var replicas: [Replica] = []
        replicas.reserveCapacity(proto.replicas.count)
        for replica in proto.replicas { replicas.append(try Replica(replica)) }
        self.init(
            workerID: try Checked.text(proto.workerID, WireLimits.workerIDBytesRange, "worker_id"),
            bootEpoch: proto.bootEpoch,
            searchEndpoint: try Checked.text(
                proto.searchEndpoint, WireLimits.endpointBytesRange, "search_endpoint"),
            replicas: replicas, queueLimit: Int(proto.queueLimit), queueDepth: Int(proto.queueDepth),
            threadCount: Int(proto.threadCount), latencyMicrosecondsP50: Int(proto.latencyP50Us),
            latencyMicrosecondsP95: Int(proto.latencyP95Us), latencyMicrosecondsP99: Int(proto.latencyP99Us),
            softwareVersion: try Checked.text(
                proto.softwareVersion, max: WireLimits.softwareVersionBytesMax, "software_version"),
            memoryLimitBytes: proto.memoryLimitBytes)
    }

    var proto: ProtoAnnouncement {
        var proto = ProtoAnnouncement()
        proto.workerID = workerID
        proto.bootEpoch = bootEpoch
        proto.searchEndpoint = searchEndpoint
        proto.replicas = replicas.map(\.proto)
        proto.queueLimit = UInt32(clamping: queueLimit)
        proto.queueDepth = UInt32(clamping: queueDepth)
        proto.threadCount = UInt32(clamping: threadCount)
        proto.latencyP50Us = UInt32(clamping: latencyMicrosecondsP50)
        proto.latencyP95Us = UInt32(clamping: latencyMicrosecondsP95)
        proto.latencyP99Us = UInt32(clamping: latencyMicrosecondsP99)
        proto.softwareVersion = softwareVersion
        proto.memoryLimitBytes = memoryLimitBytes
        return proto
    }
}

/// What the gateway answers to an announcement: what there is to hold.
public struct AnnouncementReply: WireContent {
    /// At least 1 ms.
    public var heartbeatInterval: Duration
    public var storeID: String
    /// The store's last sequence number, of whatever collection.
    public var headSeq: UInt64
    /// Every searchable collection, each name once.
    public var collections: [CollectionInfo]

    public init(heartbeatInterval: Duration, storeID: String, headSeq: UInt64, collections: [CollectionInfo]) {
        self.heartbeatInterval = heartbeatInterval
        self.storeID = storeID
        self.headSeq = headSeq
        self.collections = collections
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoAnnouncementReply.self)
        guard proto.heartbeatIntervalMs > 0 else { throw .missing(field: "heartbeat_interval_ms") }
        self.init(
            heartbeatInterval: .milliseconds(Int64(proto.heartbeatIntervalMs)),
            storeID: try Checked.text(proto.storeID, 1...WireLimits.storeIDBytesMax, "store_id"),
            headSeq: try Checked.seq(proto.headSeq, "head_seq"),
            collections: try CollectionInfo.list(proto.collections))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoAnnouncementReply()
        proto.heartbeatIntervalMs = max(1, heartbeatInterval.wireMilliseconds)
        proto.storeID = storeID
        proto.headSeq = headSeq
        proto.collections = collections.map(\.proto)
        return try ProtobufBody.encode(proto, isReply: true)
    }
}
