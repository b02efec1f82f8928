import GRDB
import RecordSchema

extension RecordStore {
    /// Changes of other shards that one page may pass over before it ends, so that a page of a small shard does not hold
    /// its snapshot for long.
    private static let scannedRowCountMax = 500_000

    public func feed(
        _ collection: String, shardIndex: Int, shardCount: Int, afterSeq: Int64, limit: Int
    ) async throws(StoreError) -> FeedRows {
        let tables = try tables(of: collection)
        guard (1...Self.rowCountMax).contains(limit) else {
            throw .tooManyRows(count: limit, limit: Self.rowCountMax)
        }
        precondition(shardCount >= 1 && (0..<shardCount).contains(shardIndex), "a shard is one of its count")
        let pageBytesMax = limits.feedPageBytesMax
        return try await read { db in
            var page = FeedPage(tables)
            let headSeq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'", cached: true) ?? 0
            var scannedToSeq = max(afterSeq, headSeq)
            try db.using(tables.statements.changesAfter) { changes in
                try db.using(tables.statements.feedRow) { row in
                    try changes.bind(afterSeq, at: 1)
                    var scannedCount = 0
                    // `changes` reads its index alone: a row of another shard costs no look at the row itself.
                    while try changes.step() {
                        let (id, seq) = (changes.int64(0), changes.int64(1))
                        scannedCount += 1
                        if shardCount == 1 || Shard.index(of: id, shardCount: shardCount) == shardIndex {
                            try page.append(id: id, seq: seq, from: row)
                        }
                        if page.rowCount == limit || page.byteCount >= pageBytesMax
                            || scannedCount == Self.scannedRowCountMax
                        {
                            scannedToSeq = seq
                            break
                        }
                    }
                }
            }
            return page.rows(headSeq: headSeq, scannedToSeq: scannedToSeq)
        }
    }
}

/// A feed page while it is being read.
private struct FeedPage {
    private let tables: CollectionTables
    private var ids: [Int64] = []
    private var seqs: [Int64] = []
    private var kinds: [FeedRows.Kind] = []
    private var vectors: [Float] = []
    private var columns: [ColumnBatch]
    private(set) var byteCount = 0

    init(_ tables: CollectionTables) {
        self.tables = tables
        columns = tables.collection.columns.map { ColumnBatch(type: $0.type) }
    }

    var rowCount: Int { ids.count }

    mutating func append(id: Int64, seq: Int64, from row: SQLStatement) throws {
        row.reset()
        try row.bind(id, at: 1)
        guard try row.step() else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        ids.append(id)
        seqs.append(seq)
        byteCount += 32
        let isDeleted = row.int64(0) != 0
        if isDeleted || (tables.dimension > 0 && row.isNull(1)) {
            kinds.append(.remove)
            return
        }
        if tables.dimension > 0 {
            guard row.appendFloats(1, count: tables.dimension, to: &vectors) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            byteCount += tables.dimension * 4
        }
        kinds.append(.upsert)
        for (index, column) in tables.collection.columns.enumerated() {
            columns[index].append(ColumnCoding.decode(row, column: 2 + index, column))
            byteCount += column.type == .string || column.isArray ? 16 + row.byteCount(2 + index) : 16
        }
    }

    func rows(headSeq: Int64, scannedToSeq: Int64) -> FeedRows {
        FeedRows(
            ids: ids, seqs: seqs, kinds: kinds, vectors: vectors, columns: columns, headSeq: headSeq,
            scannedToSeq: scannedToSeq)
    }
}
