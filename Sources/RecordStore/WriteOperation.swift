public import RecordSchema

/// A validated record on its way into the store.
public struct RecordWrite: Sendable, Hashable {
    /// The fields as one canonical JSON object, UTF-8: equal records have equal bytes. No `id`, no timestamps.
    public var body: [UInt8]
    /// One list for each filter column of the collection, in order; empty where the field is absent or null.
    public var filterValues: [[FilterValue]]
    /// The natural key, unique among the live records of the collection; `nil`: none.
    public var key: String?
    public var vector: VectorWrite
    /// While the collection is embedded anew, the record's vector in the set that will serve; `keep` where what is
    /// embedded there did not change either. `none`: it is made later. Otherwise without meaning.
    public var pendingVector: VectorWrite
    /// `VectorState.generation` as it was when the vectors were made. Should the set have changed since, the pending
    /// vector is taken for the vector; a write without one is then a `.conflict`. `nil`: that of now.
    public var vectorGeneration: Int?

    public init(
        body: [UInt8], filterValues: [[FilterValue]] = [], key: String? = nil, vector: VectorWrite = .none,
        pendingVector: VectorWrite = .none, vectorGeneration: Int? = nil
    ) {
        self.body = body
        self.filterValues = filterValues
        self.key = key
        self.vector = vector
        self.pendingVector = pendingVector
        self.vectorGeneration = vectorGeneration
    }
}

/// What becomes of the vector of a record that is written.
public enum VectorWrite: Sendable, Hashable {
    /// `dimension` finite components.
    case set([Float])
    /// The record keeps the vector it has, because what is embedded did not change from the record with this `seq`. If
    /// the record has another `seq` by now, the write is a `.conflict`.
    case keep(seq: Int64)
    /// The record has none, and no search by meaning finds it.
    case none
}

/// What an insert does when a live record of the collection is equal to it in all fields.
public enum DuplicatePolicy: Sendable, Hashable {
    /// Writes a second record; or, with a natural key, writes the same record again.
    case write
    /// Writes nothing and answers with the record that is there.
    case skip
}

/// One change of one record.
public enum WriteOperation: Sendable, Hashable {
    /// A new record; when a live record has the same natural key, that record is replaced.
    case insert(RecordWrite, duplicates: DuplicatePolicy)
    /// With `expectedSeq`, only if the record still has that `seq`.
    case replace(id: Int64, RecordWrite, expectedSeq: Int64?)
    /// With `expectedSeq`, only if the record still has that `seq`.
    case delete(id: Int64, expectedSeq: Int64?)

    /// The body that the record has afterwards; empty for a delete.
    var body: [UInt8] {
        switch self {
        case .insert(let record, _), .replace(_, let record, _): record.body
        case .delete: []
        }
    }
}

/// What an operation did.
public struct WriteResult: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case created, updated, deleted
        /// Nothing was written: an equal record exists, and the result describes that one.
        case duplicate
    }

    public var kind: Kind
    public var id: Int64
    /// The sequence number of the write; for `duplicate` that of the existing record.
    public var seq: Int64
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// Microseconds since 1970-01-01T00:00:00Z; never before `createdAt`.
    public var updatedAt: Int64

    public init(kind: Kind, id: Int64, seq: Int64, createdAt: Int64, updatedAt: Int64) {
        self.kind = kind
        self.id = id
        self.seq = seq
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
