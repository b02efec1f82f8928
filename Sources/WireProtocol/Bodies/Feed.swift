internal import SwiftProtobuf
public import RecordSchema

/// A worker asks for the changes of one shard after a sequence number: PULL.
public struct PullRequest: WireRequest {
    public typealias Reply = FeedPage
    public static let kind = MessageKind.pull

    public var collection: String
    public var shard: ShardPlace
    public var afterSeq: UInt64
    /// 1...4096.
    public var rowLimit: Int
    /// The store and the generation that `afterSeq` belongs to: others than the gateway's are answered `stale`.
    public var storeID: String
    public var generation: UInt64
    /// The replica has not applied everything up to `afterSeq`: it is full, and reads for deletions and replacements.
    public var readsAhead: Bool

    public init(
        collection: String, shard: ShardPlace = .whole, afterSeq: UInt64,
        rowLimit: Int = WireLimits.rowLimitRange.upperBound, storeID: String, generation: UInt64, readsAhead: Bool = false
    ) {
        self.collection = collection
        self.shard = shard
        self.afterSeq = afterSeq
        self.rowLimit = rowLimit
        self.storeID = storeID
        self.generation = generation
        self.readsAhead = readsAhead
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoPullRequest.self)
        self.init(
            collection: try Checked.collection(proto.collection),
            shard: try ShardPlace(decodingIndex: proto.shardIndex, count: proto.shardCount),
            afterSeq: try Checked.seq(proto.afterSeq, "after_seq"),
            rowLimit: try Checked.count(proto.rowLimit, WireLimits.rowLimitRange, "row_limit"),
            storeID: try Checked.text(proto.storeID, 1...WireLimits.storeIDBytesMax, "store_id"),
            generation: proto.generation, readsAhead: proto.readsAhead)
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoPullRequest()
        proto.collection = collection
        proto.shardIndex = UInt32(clamping: shard.index)
        proto.shardCount = UInt32(clamping: shard.count)
        proto.afterSeq = afterSeq
        proto.rowLimit = UInt32(clamping: rowLimit)
        proto.storeID = storeID
        proto.generation = generation
        proto.readsAhead = readsAhead
        return try ProtobufBody.encode(proto, isReply: false)
    }
}

/// Changes of one shard in `seq` order: the reply to PULL.
public struct FeedPage: WireContent {
    /// The numbers are those of the raw frame of kinds.
    public enum RowKind: UInt8, Sendable, Hashable, CaseIterable {
        /// The record is now this.
        case upsert = 1
        /// The record is gone, or has no vector any more.
        case delete = 2
    }

    /// The store's last sequence number, of whatever collection.
    public var headSeq: UInt64
    /// Every change of the shard up to here is in this page or an earlier one; the next PULL asks after it. It can
    /// grow though the page is empty. Equal to `headSeq`: there is no more now.
    public var scannedToSeq: UInt64
    /// Components of each vector; 0 in a page without upserts.
    public var dimension: Int
    /// One entry a row, in `seq` order.
    public var ids: [UInt64]
    /// Strictly ascending.
    public var seqs: [UInt64]
    public var kinds: [RowKind]
    /// `dimension` finite floats for each upsert, in row order.
    public var vectors: [Float]
    /// One for each column of the collection, in order, each with one row for each upsert. Empty where there is no
    /// upsert or no column.
    public var columns: [ColumnBatch]

    public var rowCount: Int { ids.count }

    public init(
        headSeq: UInt64, scannedToSeq: UInt64, dimension: Int = 0, ids: [UInt64] = [], seqs: [UInt64] = [],
        kinds: [RowKind] = [], vectors: [Float] = [], columns: [ColumnBatch] = []
    ) {
        self.headSeq = headSeq
        self.scannedToSeq = scannedToSeq
        self.dimension = dimension
        self.ids = ids
        self.seqs = seqs
        self.kinds = kinds
        self.vectors = vectors
        self.columns = columns
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoFeedPage.self, rawFrameCount: 4)
        let rowCount = try Checked.count(proto.rowCount, 0...WireLimits.rowLimitRange.upperBound, "row_count")
        let dimension = try Checked.count(proto.dimension, 0...WireLimits.dimensionRange.upperBound, "dimension")
        let frames = content.rawFrames
        let ids = try RawFrame.integers(frames, 0, count: rowCount)
        let seqs = try RawFrame.integers(frames, 1, count: rowCount)
        let kinds = try Self.kinds(frames, count: rowCount)
        let upsertCount = kinds.count { $0 == .upsert }
        guard dimension > 0 || upsertCount == 0 else { throw .missing(field: "dimension") }
        let vectors = try RawFrame.floats(frames, 3, count: upsertCount * dimension, field: "vectors")
        try Checked.elements(proto.columns, max: WireLimits.columnCountMax, "columns")
        var columns: [ColumnBatch] = []
        columns.reserveCapacity(proto.columns.count)
        for column in proto.columns { columns.append(try ColumnBatch(column, rowCount: upsertCount)) }
        self.init(
            headSeq: try Checked.seq(proto.headSeq, "head_seq"),
            scannedToSeq: try Checked.seq(proto.scannedToSeq, "scanned_to_seq"), dimension: dimension, ids: ids,
            seqs: seqs, kinds: kinds, vectors: vectors, columns: columns)
        try checkOrder()
    }

    private static func kinds(_ frames: [[UInt8]], count: Int) throws(WireError) -> [RowKind] {
        let bytes = frames[2]
        guard bytes.count == count else {
            throw .rawFrameSize(frameIndex: 2, foundBytes: bytes.count, expectedBytes: count)
        }
        var kinds: [RowKind] = []
        kinds.reserveCapacity(count)
        for byte in bytes {
            guard let kind = RowKind(rawValue: byte) else { throw .outOfRange(field: "kinds") }
            kinds.append(kind)
        }
        return kinds
    }

    /// A worker sets its applied seq from these numbers, so they must not lead it past rows it has not seen.
    private func checkOrder() throws(WireError) {
        guard scannedToSeq <= headSeq else { throw .outOfRange(field: "scanned_to_seq") }
        var last: UInt64 = 0
        for seq in seqs {
            guard seq > last else { throw .outOfRange(field: "seqs") }
            last = seq
        }
        guard last <= scannedToSeq else { throw .outOfRange(field: "scanned_to_seq") }
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoFeedPage()
        proto.headSeq = headSeq
        proto.scannedToSeq = scannedToSeq
        proto.rowCount = UInt32(clamping: rowCount)
        proto.dimension = UInt32(clamping: dimension)
        proto.columns = columns.map(\.proto)
        let frames = [
            RawNumbers.bytes(of: ids), RawNumbers.bytes(of: seqs), kinds.map(\.rawValue), RawNumbers.bytes(of: vectors),
        ]
        return try ProtobufBody.encode(proto, rawFrames: frames, isReply: true)
    }
}

/// A gateway tells a worker that there is something to pull: NUDGE. It may be lost.
public struct Nudge: WireNotice {
    public static let kind = MessageKind.nudge

    public var collection: String
    /// The store's last sequence number as it was sent.
    public var headSeq: UInt64

    public init(collection: String, headSeq: UInt64) {
        self.collection = collection
        self.headSeq = headSeq
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoNudge.self)
        self.init(
            collection: try Checked.collection(proto.collection), headSeq: try Checked.seq(proto.headSeq, "head_seq"))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoNudge()
        proto.collection = collection
        proto.headSeq = headSeq
        return try ProtobufBody.encode(proto, isReply: false)
    }
}

/// A worker leaves: GOODBYE. It may be lost; missing heartbeats say the same later.
public struct Goodbye: WireNotice {
    public static let kind = MessageKind.goodbye

    public var workerID: String
    public var bootEpoch: UInt64
    /// False: it still answers what it has been asked. True: it is gone.
    public var isFinal: Bool

    public init(workerID: String, bootEpoch: UInt64, isFinal: Bool) {
        self.workerID = workerID
        self.bootEpoch = bootEpoch
        self.isFinal = isFinal
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoGoodbye.self)
        self.init(
            workerID: try Checked.text(proto.workerID, WireLimits.workerIDBytesRange, "worker_id"),
            bootEpoch: proto.bootEpoch, isFinal: proto.isFinal)
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoGoodbye()
        proto.workerID = workerID
        proto.bootEpoch = bootEpoch
        proto.isFinal = isFinal
        return try ProtobufBody.encode(proto, isReply: false)
    }
}
