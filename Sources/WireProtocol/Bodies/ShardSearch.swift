internal import SwiftProtobuf
public import RecordSchema

/// Asks one worker for the rows of one shard most similar to some vectors: SEARCH.
public struct ShardSearchRequest: WireRequest {
    public typealias Reply = ShardSearchReply
    public static let kind = MessageKind.search

    public var collection: String
    /// `nil`: whichever shard the worker holds.
    public var shard: ShardPlace?
    /// 1...11000, for each query.
    public var resultLimit: Int
    /// Hits below it are left out. In the unit of the collection's metric; finite.
    public var minimumScore: Float?
    public var filter: Filter?
    /// The replica answers once it has applied this.
    public var minSeq: UInt64
    /// Scan every row, whatever faster way there is.
    public var isExact: Bool
    /// The share of the truly nearest rows that the hits should have on average, 0.5...1; `nil`: as the worker likes.
    public var recallTarget: Float?
    /// `CollectionInfo.modelDigest` of the vectors to search, at most 256 bytes; empty: whatever the replica holds.
    public var modelDigest: String
    /// 1...64.
    public var queryCount: Int
    /// `queryCount` × `dimension` finite components, query after query.
    public var vectors: [Float]

    /// Components of each query; the worker compares it with the collection's.
    public var dimension: Int { vectors.count / max(queryCount, 1) }

    public init(
        collection: String, shard: ShardPlace? = nil, resultLimit: Int, minimumScore: Float? = nil,
        filter: Filter? = nil, minSeq: UInt64 = 0, isExact: Bool = false, recallTarget: Float? = nil, modelDigest: String = "",
        queryCount: Int = 1, vectors: [Float]
    ) {
        self.collection = collection
        self.shard = shard
        self.resultLimit = resultLimit
        self.minimumScore = minimumScore
        self.filter = filter
        self.minSeq = minSeq
        self.isExact = isExact
        self.recallTarget = recallTarget
        self.modelDigest = modelDigest
        self.queryCount = queryCount
        self.vectors = vectors
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoSearchRequest.self, rawFrameCount: 1)
        let queryCount = try Checked.count(proto.queryCount, WireLimits.queryCountRange, "query_count")
        let vectors = try QueryVectors.read(content.rawFrames[0], queryCount: queryCount)
        self.init(
            collection: try Checked.collection(proto.collection),
            shard: proto.hasShard ? try ShardPlace(decodingIndex: proto.shard.index, count: proto.shard.count) : nil,
            resultLimit: try Checked.count(proto.resultLimit, WireLimits.searchResultLimitRange, "result_limit"),
            minimumScore: try QueryVectors.score(proto.hasMinScore ? proto.minScore : nil),
            filter: proto.hasFilter ? try Filter(proto.filter) : nil,
            minSeq: try Checked.seq(proto.minSeq, "min_seq"), isExact: proto.exact,
            recallTarget: try Checked.recallTarget(proto.hasRecallTarget ? proto.recallTarget : nil),
            modelDigest: try Checked.text(proto.modelDigest, max: WireLimits.modelDigestBytesMax, "model_digest"),
            queryCount: queryCount, vectors: vectors)
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoSearchRequest()
        proto.collection = collection
        if let shard {
            proto.shard = .with {
                $0.index = UInt32(clamping: shard.index)
                $0.count = UInt32(clamping: shard.count)
            }
        }
        proto.resultLimit = UInt32(clamping: resultLimit)
        if let minimumScore { proto.minScore = minimumScore }
        if let filter { proto.filter = filter.proto }
        proto.minSeq = minSeq
        proto.exact = isExact
        if let recallTarget { proto.recallTarget = recallTarget }
        proto.modelDigest = modelDigest
        proto.queryCount = UInt32(clamping: queryCount)
        return try ProtobufBody.encode(proto, rawFrames: [RawNumbers.bytes(of: vectors)], isReply: false)
    }
}

/// What a worker found.
public struct ShardSearchReply: WireContent {
    /// What the replica had applied when it began to scan.
    public var appliedSeq: UInt64
    public var scannedRowCount: UInt64
    /// One for each query: how many of `ids` and `scores`, which hold those of query 0, then of query 1, and so on.
    public var hitCounts: [Int]
    /// One for each query; those of a worker that says none are all unknown.
    public var guarantees: [SearchGuarantee]
    /// For each query best first; equal scores by ascending id.
    public var ids: [UInt64]
    /// One for each id, finite.
    public var scores: [Float]

    public init(
        appliedSeq: UInt64, scannedRowCount: UInt64, hitCounts: [Int], guarantees: [SearchGuarantee]? = nil,
        ids: [UInt64], scores: [Float]
    ) {
        self.appliedSeq = appliedSeq
        self.scannedRowCount = scannedRowCount
        self.hitCounts = hitCounts
        self.guarantees = guarantees ?? hitCounts.map { _ in .unknown }
        self.ids = ids
        self.scores = scores
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoSearchReply.self, rawFrameCount: 2)
        guard WireLimits.queryCountRange.contains(proto.hitCounts.count) else {
            throw .outOfRange(field: "hit_counts")
        }
        var hitCounts: [Int] = []
        for count in proto.hitCounts {
            hitCounts.append(try Checked.count(count, 0...WireLimits.searchResultLimitRange.upperBound, "hit_counts"))
        }
        guard proto.guarantees.isEmpty || proto.guarantees.count == hitCounts.count else {
            throw .outOfRange(field: "guarantees")
        }
        var guarantees: [SearchGuarantee] = []
        for guarantee in proto.guarantees { guarantees.append(try SearchGuarantee(guarantee)) }
        let total = hitCounts.reduce(0, +)
        self.init(
            appliedSeq: try Checked.seq(proto.appliedSeq, "applied_seq"), scannedRowCount: proto.scannedRowCount,
            hitCounts: hitCounts, guarantees: guarantees.isEmpty ? nil : guarantees, ids: try RawFrame.integers(content.rawFrames, 0, count: total),
            scores: try RawFrame.floats(content.rawFrames, 1, count: total, field: "scores"))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoSearchReply()
        proto.appliedSeq = appliedSeq
        proto.scannedRowCount = scannedRowCount
        proto.hitCounts = hitCounts.map { UInt32(clamping: $0) }
        if guarantees.contains(where: { $0 != .unknown }) { proto.guarantees = guarantees.map(\.proto) }
        let frames = [RawNumbers.bytes(of: ids), RawNumbers.bytes(of: scores)]
        return try ProtobufBody.encode(proto, rawFrames: frames, isReply: true)
    }
}

/// Vectors and scores that a client sends.
enum QueryVectors {
    static func read(_ frame: [UInt8], queryCount: Int) throws(WireError) -> [Float] {
        guard let floats = RawNumbers.floats(frame), floats.count.isMultiple(of: queryCount) else {
            let rowBytes = 4 * queryCount
            let expectedBytes = (frame.count + rowBytes - 1) / rowBytes * rowBytes
            throw .rawFrameSize(frameIndex: 0, foundBytes: frame.count, expectedBytes: expectedBytes)
        }
        guard WireLimits.dimensionRange.contains(floats.count / queryCount) else {
            throw .outOfRange(field: "vector dimension")
        }
        guard RawNumbers.areFinite(floats) else { throw .notFinite(field: "vector") }
        return floats
    }

    static func score(_ value: Float?) throws(WireError) -> Float? {
        guard value?.isFinite ?? true else { throw .notFinite(field: "min_score") }
        return value
    }
}
