import GRDB
import RecordSchema

extension RecordStore {
    /// Changes of other shards that one page may pass over before it ends, so that a page of a small shard does not hold
    /// its snapshot for long.
    private static let scannedRowCountMax = 500_000

    public func feed(
        _ collection: String, shardIndex: Int, shardCount: Int, afterSeq: Int64, limit: Int
    ) async throws(StoreError) -> FeedRows {
        let known = try tables(of: collection)
        guard (1...Self.rowCountMax).contains(limit) else {
            throw .tooManyRows(count: limit, limit: Self.rowCountMax)
        }
        precondition(shardCount >= 1 && (0..<shardCount).contains(shardIndex), "a shard is one of its count")
        let pageBytesMax = limits.feedPageBytesMax
        return try await read { db in
            let tables = try Self.current(known, db)
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
