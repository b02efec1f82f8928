/// A live record as it is stored.
public struct StoredRecord: Sendable, Hashable {
    public var id: Int64
    /// The sequence number of its last change.
    public var seq: Int64
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var updatedAt: Int64
    /// The fields, canonical JSON in UTF-8, byte for byte as they were written.
    public var body: [UInt8]

    public init(id: Int64, seq: Int64, createdAt: Int64, updatedAt: Int64, body: [UInt8]) {
        self.id = id
        self.seq = seq
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.body = body
    }
}

/// One stretch of a list, and how long the whole list is; both from one snapshot.
public struct RecordList: Sendable, Hashable {
    public var records: [StoredRecord]
    /// How many records pass keyword and filter, offset and limit aside.
    public var totalCount: Int

    public init(records: [StoredRecord], totalCount: Int) {
        self.records = records
        self.totalCount = totalCount
    }
}

/// The order of a list. Equal values are ordered by ascending id; records without a value come last either way.
public struct RecordSort: Sendable, Hashable {
    public enum Key: Sendable, Hashable {
        case id, createdAt, updatedAt
        /// A filter column that is no array.
        case field(String)
    }

    public var key: Key
    public var descending: Bool

    public init(by key: Key, descending: Bool = false) {
        self.key = key
        self.descending = descending
    }
}

/// A record that matches a keyword query.
public struct KeywordHit: Sendable, Hashable {
    public var id: Int64
    /// BM25 with k1 = 1.2, b = 0.75, all text fields weighing the same; greater is better, above 0.
    public var score: Double

    public init(id: Int64, score: Double) {
        self.id = id
        self.score = score
    }
}
