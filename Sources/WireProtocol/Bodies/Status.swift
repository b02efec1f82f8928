internal import SwiftProtobuf

/// Asks a worker or a gateway how it is: STATUS.
public struct StatusRequest: WireRequest {
    public typealias Reply = StatusReply
    public static let kind = MessageKind.status

    public init() {}

    public init(decoding content: MessageContent) throws(WireError) {
        _ = try ProtobufBody.decode(content, as: ProtoStatusRequest.self)
    }

    public func encoded() throws(WireError) -> MessageContent {
        try ProtobufBody.encode(ProtoStatusRequest(), isReply: false)
    }
}

public enum StatusReply: WireContent {
    case worker(Announcement)
    case gateway(GatewayStatus)

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoStatusReply.self)
        switch proto.role {
        case .worker(let announcement): self = .worker(try Announcement(announcement))
        case .gateway(let status): self = .gateway(try GatewayStatus(status))
        case nil: throw .missing(field: "role")
        }
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoStatusReply()
        switch self {
        case .worker(let announcement): proto.worker = announcement.proto
        case .gateway(let status): proto.gateway = status.proto
        }
        return try ProtobufBody.encode(proto, isReply: true)
    }
}

/// What a gateway says of itself and of the workers it knows.
public struct GatewayStatus: Sendable, Hashable {
    public struct KnownWorker: Sendable, Hashable {
        /// Its last.
        public var announcement: Announcement
        /// Since then.
        public var age: Duration
        /// Whether the gateway is connected to its search endpoint.
        public var isConnected: Bool

        public init(announcement: Announcement, age: Duration, isConnected: Bool) {
            self.announcement = announcement
            self.age = age
            self.isConnected = isConnected
        }
    }

    public var gatewayID: String
    public var bootEpoch: UInt64
    public var storeID: String
    /// The store's last sequence number, of whatever collection.
    public var headSeq: UInt64
    public var collections: [CollectionInfo]
    public var workers: [KnownWorker]
    public var softwareVersion: String

    public init(
        gatewayID: String, bootEpoch: UInt64, storeID: String, headSeq: UInt64, collections: [CollectionInfo] = [],
        workers: [KnownWorker] = [], softwareVersion: String = ""
    ) {
        self.gatewayID = gatewayID
        self.bootEpoch = bootEpoch
        self.storeID = storeID
        self.headSeq = headSeq
        self.collections = collections
        self.workers = workers
        self.softwareVersion = softwareVersion
    }

    init(_ proto: ProtoGatewayStatus) throws(WireError) {
        try Checked.elements(proto.workers, max: WireLimits.workerCountMax, "workers")
        var workers: [KnownWorker] = []
        workers.reserveCapacity(proto.workers.count)
        for worker in proto.workers {
            workers.append(
                KnownWorker(
                    announcement: try Announcement(worker.announcement),
                    age: .milliseconds(Int64(clamping: worker.ageMs)), isConnected: worker.isConnected))
        }
        self.init(
            gatewayID: try Checked.text(proto.gatewayID, WireLimits.workerIDBytesRange, "gateway_id"),
            bootEpoch: proto.bootEpoch,
            storeID: try Checked.text(proto.storeID, 1...WireLimits.storeIDBytesMax, "store_id"),
            headSeq: try Checked.seq(proto.headSeq, "head_seq"),
            collections: try CollectionInfo.list(proto.collections), workers: workers,
            softwareVersion: try Checked.text(
                proto.softwareVersion, max: WireLimits.softwareVersionBytesMax, "software_version"))
    }

    var proto: ProtoGatewayStatus {
        var proto = ProtoGatewayStatus()
        proto.gatewayID = gatewayID
        proto.bootEpoch = bootEpoch
        proto.storeID = storeID
        proto.headSeq = headSeq
        proto.collections = collections.map(\.proto)
        proto.workers = workers.map { worker in
            .with {
                $0.announcement = worker.announcement.proto
                $0.ageMs = UInt64(worker.age.wireMilliseconds)
                $0.isConnected = worker.isConnected
            }
        }
        proto.softwareVersion = softwareVersion
        return proto
    }
}
