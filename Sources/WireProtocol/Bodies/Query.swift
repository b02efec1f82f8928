internal import Foundation
internal import SwiftProtobuf
public import RecordSchema

/// Asks a gateway for the records most similar to a text, a record or a vector: QUERY.
public struct QueryRequest: WireRequest {
    public typealias Reply = QueryReply
    public static let kind = MessageKind.query

    public enum Source: Sendable, Hashable {
        /// 1 byte to 1 MiB of UTF-8.
        case text(String)
        /// The record with this id, 1...2^63 - 1.
        case likeID(UInt64)
        /// Finite; the gateway compares the dimension with the collection's.
        case vector([Float])
    }

    public enum FilterForm: Sendable, Hashable {
        case filter(Filter)
        /// The filter of the HTTP API: UTF-8 JSON, 1 byte to 1 MiB, not yet parsed.
        case json([UInt8])
    }

    public var collection: String
    public var source: Source
    /// 1...1000.
    public var resultLimit: Int
    /// 0...10000: so many of the best hits are left out.
    public var offset: Int
    public var minimumScore: Float?
    public var filter: FilterForm?
    /// The record's fields to return; none: all of them. At most 500.
    public var fields: [String]
    public var minSeq: UInt64
    /// Compare every row, whatever faster way there is.
    public var isExact: Bool
    /// The share of the truly nearest records that the hits should have on average, 0.5...1; `nil`: as the workers like.
    public var recallTarget: Float?

    public init(
        collection: String, source: Source, resultLimit: Int = 10, offset: Int = 0, minimumScore: Float? = nil,
        filter: FilterForm? = nil, fields: [String] = [], minSeq: UInt64 = 0,
        isExact: Bool = false, recallTarget: Float? = nil
    ) {
        self.collection = collection
        self.source = source
        self.resultLimit = resultLimit
        self.offset = offset
        self.minimumScore = minimumScore
        self.filter = filter
        self.fields = fields
        self.minSeq = minSeq
        self.isExact = isExact
        self.recallTarget = recallTarget
    }

    public init(decoding content: MessageContent) throws(WireError) {
        // Whether a raw frame is due follows from the body, which is decoded first.
        let body = MessageContent(bodyBytes: content.bodyBytes)
        let proto = try ProtobufBody.decode(body, as: ProtoQueryRequest.self)
        try Checked.elements(proto.fields, max: WireLimits.fieldCountMax, "fields")
        for field in proto.fields { _ = try Checked.text(field, WireLimits.fieldNameBytesRange, "fields") }
        self.init(
            collection: try Checked.collection(proto.collection),
            source: try Self.source(proto, rawFrames: content.rawFrames),
            resultLimit: try Checked.count(proto.resultLimit, WireLimits.queryResultLimitRange, "result_limit"),
            offset: try Checked.count(proto.offset, 0...WireLimits.queryOffsetMax, "offset"),
            minimumScore: try QueryVectors.score(proto.hasMinScore ? proto.minScore : nil),
            filter: try Self.filter(proto), fields: proto.fields, minSeq: try Checked.seq(proto.minSeq, "min_seq"),
            isExact: proto.exact,
            recallTarget: try Checked.recallTarget(proto.hasRecallTarget ? proto.recallTarget : nil))
    }

    private static func source(_ proto: ProtoQueryRequest, rawFrames: [[UInt8]]) throws(WireError) -> Source {
        let frameCount = proto.source == nil ? 1 : 0
        guard rawFrames.count == frameCount else {
            throw .rawFrameCount(found: rawFrames.count, expected: frameCount)
        }
        switch proto.source {
        case .text(let text): return .text(try Checked.text(text, WireLimits.queryTextBytesRange, "text"))
        case .likeID(let id): return .likeID(try Checked.recordID(id))
        case nil: return .vector(try QueryVectors.read(rawFrames[0], queryCount: 1))
        }
    }

    private static func filter(_ proto: ProtoQueryRequest) throws(WireError) -> FilterForm? {
        switch proto.filterForm {
        case .filter(let filter): return .filter(try Filter(filter))
        case .filterJson(let json):
            guard WireLimits.filterJSONBytesRange.contains(json.count) else {
                throw .outOfRange(field: "filter_json")
            }
            return .json([UInt8](json))
        case nil: return nil
        }
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoQueryRequest()
        var rawFrames: [[UInt8]] = []
        proto.collection = collection
        switch source {
        case .text(let text): proto.text = text
        case .likeID(let id): proto.likeID = id
        case .vector(let vector): rawFrames = [RawNumbers.bytes(of: vector)]
        }
        proto.resultLimit = UInt32(clamping: resultLimit)
        proto.offset = UInt32(clamping: offset)
        if let minimumScore { proto.minScore = minimumScore }
        switch filter {
        case .filter(let filter): proto.filter = filter.proto
        case .json(let bytes): proto.filterJson = Data(bytes)
        case nil: break
        }
        proto.fields = fields
        proto.minSeq = minSeq
        proto.exact = isExact
        if let recallTarget { proto.recallTarget = recallTarget }
        return try ProtobufBody.encode(proto, rawFrames: rawFrames, isReply: false)
    }
}

public struct QueryReply: WireContent {
    public struct Hit: Sendable, Hashable {
        public var id: UInt64
        /// Finite.
        public var score: Float
        /// The record, or the fields asked for, as UTF-8 JSON.
        public var recordJSON: [UInt8]

        public init(id: UInt64, score: Float, recordJSON: [UInt8]) {
            self.id = id
            self.score = score
            self.recordJSON = recordJSON
        }
    }

    /// Best first.
    public var hits: [Hit]
    /// How many of `shardCount` shards the hits are from.
    public var answeredShardCount: Int
    public var shardCount: Int
    /// Of the least sure of the shards that answered.
    public var guarantee: SearchGuarantee

    public init(
        hits: [Hit], answeredShardCount: Int, shardCount: Int, guarantee: SearchGuarantee = .unknown
    ) {
        self.hits = hits
        self.answeredShardCount = answeredShardCount
        self.shardCount = shardCount
        self.guarantee = guarantee
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoQueryReply.self)
        try Checked.elements(proto.hits, max: WireLimits.queryResultLimitRange.upperBound, "hits")
        var hits: [Hit] = []
        hits.reserveCapacity(proto.hits.count)
        for hit in proto.hits {
            guard hit.score.isFinite else { throw .notFinite(field: "hits.score") }
            hits.append(
                Hit(id: try Checked.recordID(hit.id), score: hit.score, recordJSON: [UInt8](hit.recordJson)))
        }
        let shardCount = try Checked.count(proto.shardCount, WireLimits.shardCountRange, "shard_count")
        self.init(
            hits: hits,
            answeredShardCount: try Checked.count(proto.answeredShardCount, 0...shardCount, "answered_shard_count"),
            shardCount: shardCount,
            guarantee: proto.hasGuarantee ? try SearchGuarantee(proto.guarantee) : .unknown)
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoQueryReply()
        proto.hits = hits.map { hit in
            .with {
                $0.id = hit.id
                $0.score = hit.score
                $0.recordJson = Data(hit.recordJSON)
            }
        }
        proto.answeredShardCount = UInt32(clamping: answeredShardCount)
        proto.shardCount = UInt32(clamping: shardCount)
        if guarantee != .unknown { proto.guarantee = guarantee.proto }
        return try ProtobufBody.encode(proto, isReply: true)
    }
}
