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
    let contentDigest: Int64
    let byteCount: Int
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
        let vector: PreparedRecord.Vector
        switch record.vector {
        case .none: vector = .none
        case .keep(let seq): vector = .keep(seq: seq)
        case .set(let components):
            guard components.count == tables.dimension else {
                throw .wrongDimension(expected: tables.dimension, actual: components.count)
            }
            vector = .set(Self.littleEndian(components))
        }
        let encoded = zip(record.filterValues, columns).map { ColumnCoding.encode($0, isArray: $1.isArray) }
        let key = record.key.map(StoredText.encode)
        var byteCount = 256 + record.body.count + (key?.count ?? 0)
        for case .text(let utf8) in encoded { byteCount += utf8.count }
        if case .set(let bytes) = vector { byteCount += bytes.count }
        return PreparedRecord(
            body: record.body, columns: encoded, key: key, vector: vector,
            contentDigest: digest(record.body, vector), byteCount: byteCount)
    }

    /// Over the body, and over the vector where it is one of the record's fields.
    private func digest(_ body: [UInt8], _ vector: PreparedRecord.Vector) -> Int64 {
        var hash = SipHash(key0: digestKey.0, key1: digestKey.1)
        hash.update(body)
        if tables.vectorsAreContent, case .set(let bytes) = vector { hash.update(bytes) }
        return Int64(bitPattern: hash.finalized())
    }

    /// The components as they are in memory, which is little-endian on every machine this compiles for.
    private static func littleEndian(_ components: [Float]) -> [UInt8] {
        unsafe components.withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
    }
}
