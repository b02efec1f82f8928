import RecordSchema

/// An operation as the writer binds it: checked, hashed and encoded by the caller's task, so that the one writer does
/// not spend its time on it.
enum PreparedOperation: Sendable {
    case insert(PreparedRecord, skipsDuplicates: Bool)
    case replace(id: Int64, PreparedRecord, expectedSeq: Int64?)
    case delete(id: Int64, expectedSeq: Int64?)
    /// Found wrong before it was queued.
    case refused(StoreError)

    /// The body that the record has afterwards; empty where it has none.
    var body: [UInt8] {
        switch self {
        case .insert(let record, _), .replace(_, let record, _): record.body
        case .delete, .refused: []
        }
    }

    var byteCount: Int {
        switch self {
        case .insert(let record, _), .replace(_, let record, _): record.byteCount
        case .delete, .refused: 64
        }
    }
}

struct PreparedRecord: Sendable {
    enum Vector: Sendable {
        case set([UInt8])
        case keep(seq: Int64)
        case none
    }

    let body: [UInt8]
    let columns: [SQLValue]
    let key: [UInt8]?
    let vector: Vector
    /// Of the set in the making.
    let pending: Vector
    /// The vectors' generation.
    let generation: Int
    let contentDigest: Int64
    let byteCount: Int

    /// The record for the sets of now, if a set began to serve since it was prepared: its pending vector is one of that
    /// set. `nil`: it has none, though it has one of the set that served.
    func settled(in tables: CollectionTables) -> PreparedRecord? {
        if generation == tables.generation { return self }
        let hasBoth: Bool = switch (vector, pending) {
        case (.none, _), (_, .set), (_, .keep): true
        case (_, .none): false
        }
        guard generation == tables.generation - 1, hasBoth else { return nil }
        return PreparedRecord(
            body: body, columns: columns, key: key, vector: pending, pending: .none, generation: tables.generation,
            contentDigest: contentDigest, byteCount: byteCount)
    }
}

/// Checks and encodes what one collection is given.
struct RecordPreparation: Sendable {
    /// A row's body; well under SQLite's limit of 1 GB, well over what HTTP lets in.
    static let bodyBytesMax = 64 << 20

    let tables: CollectionTables
    let digestKey: (UInt64, UInt64)

    func prepare(_ operation: WriteOperation) -> PreparedOperation {
        do {
            switch operation {
            case .insert(let record, let duplicates):
                return .insert(try prepare(record), skipsDuplicates: duplicates == .skip)
            case .replace(let id, let record, let expectedSeq):
                return .replace(id: id, try prepare(record), expectedSeq: expectedSeq)
            case .delete(let id, let expectedSeq):
                return .delete(id: id, expectedSeq: expectedSeq)
            }
        } catch {
            return .refused(error)
        }
    }

    func prepare(_ record: RecordWrite) throws(StoreError) -> PreparedRecord {
        let columns = tables.collection.columns
        guard ColumnCoding.fit(record.filterValues, columns) else { throw .valuesDoNotFit(collection: tables.name) }
        guard record.body.count <= Self.bodyBytesMax else {
            throw .bodyTooLarge(bodyBytes: record.body.count, limitBytes: Self.bodyBytesMax)
        }
        let made = try settled(record)
        let vector = try encode(made.vector, dimension: tables.dimension)
        let pending = try encode(made.pending, dimension: tables.target?.dimension ?? 0)
        let encoded = zip(record.filterValues, columns).map { ColumnCoding.encode($0, isArray: $1.isArray) }
        let key = record.key.map(StoredText.encode)
        var byteCount = 256 + record.body.count + (key?.count ?? 0)
        for case .text(let utf8) in encoded { byteCount += utf8.count }
        for case .set(let bytes) in [vector, pending] { byteCount += bytes.count }
        return PreparedRecord(
            body: record.body, columns: encoded, key: key, vector: vector, pending: pending,
            generation: tables.generation,
            contentDigest: digest(record.body, vector), byteCount: byteCount)
    }

    /// The vectors that the record has in the sets of now.
    private func settled(_ record: RecordWrite) throws(StoreError) -> (vector: VectorWrite, pending: VectorWrite) {
        // A pending vector when no set is in the making was made before the set began to serve.
        let isLate = tables.target == nil && record.pendingVector != .none
        let generation = record.vectorGeneration ?? (isLate ? tables.generation - 1 : tables.generation)
        if generation == tables.generation {
            return (record.vector, tables.target == nil ? .none : record.pendingVector)
        }
        guard generation == tables.generation - 1, record.pendingVector != .none || record.vector == .none else {
            throw .conflict(currentSeq: nil)
        }
        return (record.pendingVector, .none)
    }

    private func encode(_ vector: VectorWrite, dimension: Int) throws(StoreError) -> PreparedRecord.Vector {
        switch vector {
        case .none: return .none
        case .keep(let seq): return .keep(seq: seq)
        case .set(let components):
            guard components.count == dimension else {
                throw .wrongDimension(expected: dimension, actual: components.count)
            }
            return .set(Self.littleEndian(components))
        }
    }

    /// Over the body, and over the vector where it is one of the record's fields.
    private func digest(_ body: [UInt8], _ vector: PreparedRecord.Vector) -> Int64 {
        var hash = SipHash(key0: digestKey.0, key1: digestKey.1)
        hash.update(body)
        if tables.vectorsAreContent, case .set(let bytes) = vector { hash.update(bytes) }
        return Int64(bitPattern: hash.finalized())
    }

    /// The components as they are in memory, which is little-endian on every machine this compiles for.
    static func littleEndian(_ components: [Float]) -> [UInt8] {
        unsafe components.withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
    }
}
