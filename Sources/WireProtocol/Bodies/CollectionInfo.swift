internal import SwiftProtobuf
public import RecordSchema

/// How similar two vectors are. The names are those of collection files.
public enum VectorMetric: String, Sendable, Hashable, CaseIterable {
    case cosine, dot, euclidean
}

/// What a worker has to know of a searchable collection.
public struct CollectionInfo: Sendable, Hashable {
    public var name: String
    /// 1...65536.
    public var dimension: Int
    public var metric: VectorMetric
    /// Names the model of the vectors that serve, and its weights; empty: records bring their own vectors.
    public var modelDigest: String
    /// The layout of every `FeedPage.columns` of the collection.
    public var columns: [FilterColumn]
    /// The last change of this collection.
    public var headSeq: UInt64
    /// Compared for equality only: rows of another generation are replaced by what a pull from 0 gives.
    public var generation: UInt64

    public init(
        name: String, dimension: Int, metric: VectorMetric = .cosine, modelDigest: String = "",
        columns: [FilterColumn] = [], headSeq: UInt64 = 0, generation: UInt64 = 0
    ) {
        self.name = name
        self.dimension = dimension
        self.metric = metric
        self.modelDigest = modelDigest
        self.columns = columns
        self.headSeq = headSeq
        self.generation = generation
    }

    init(_ proto: ProtoCollectionInfo) throws(WireError) {
        try Checked.elements(proto.columns, max: WireLimits.columnCountMax, "columns")
        var columns: [FilterColumn] = []
        columns.reserveCapacity(proto.columns.count)
        for column in proto.columns { columns.append(try FilterColumn(column)) }
        self.init(
            name: try Checked.collection(proto.name),
            dimension: try Checked.count(proto.dimension, WireLimits.dimensionRange, "dimension"),
            metric: try VectorMetric(proto.metric),
            modelDigest: try Checked.text(proto.modelDigest, max: WireLimits.modelDigestBytesMax, "model_digest"),
            columns: columns, headSeq: try Checked.seq(proto.headSeq, "head_seq"), generation: proto.generation)
    }

    var proto: ProtoCollectionInfo {
        var proto = ProtoCollectionInfo()
        proto.name = name
        proto.dimension = UInt32(clamping: dimension)
        proto.metric = metric.proto
        proto.modelDigest = modelDigest
        proto.columns = columns.map(\.proto)
        proto.headSeq = headSeq
        proto.generation = generation
        return proto
    }

    /// A list of collections, each name once.
    static func list(_ protos: [ProtoCollectionInfo]) throws(WireError) -> [CollectionInfo] {
        try Checked.elements(protos, max: WireLimits.collectionCountMax, "collections")
        var collections: [CollectionInfo] = []
        collections.reserveCapacity(protos.count)
        for proto in protos { collections.append(try CollectionInfo(proto)) }
        guard Set(collections.map(\.name)).count == collections.count else { throw .outOfRange(field: "collections") }
        return collections
    }
}

extension VectorMetric {
    fileprivate init(_ proto: ProtoMetric) throws(WireError) {
        switch proto {
        case .cosine: self = .cosine
        case .dot: self = .dot
        case .euclidean: self = .euclidean
        case .unspecified: throw .missing(field: "metric")
        case .UNRECOGNIZED: throw .outOfRange(field: "metric")
        }
    }

    fileprivate var proto: ProtoMetric {
        switch self {
        case .cosine: .cosine
        case .dot: .dot
        case .euclidean: .euclidean
        }
    }
}

extension FilterColumn {
    fileprivate init(_ proto: ProtoColumn) throws(WireError) {
        let type: FilterType = switch proto.type {
        case .string: .string
        case .number: .number
        case .timestamp: .timestamp
        case .boolean: .boolean
        case .unspecified: throw .missing(field: "columns.type")
        case .UNRECOGNIZED: throw .outOfRange(field: "columns.type")
        }
        self.init(
            name: try Checked.text(proto.name, WireLimits.fieldNameBytesRange, "columns.name"), type: type,
            isArray: proto.isArray)
    }

    fileprivate var proto: ProtoColumn {
        var proto = ProtoColumn()
        proto.name = name
        proto.type = switch type {
        case .string: .string
        case .number: .number
        case .timestamp: .timestamp
        case .boolean: .boolean
        }
        proto.isArray = isArray
        return proto
    }
}
