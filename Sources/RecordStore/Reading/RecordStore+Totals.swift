import GRDB
import RecordSchema

/// How many live records there are, from one snapshot.
public struct StoreTotals: Sendable, Hashable {
    /// The last write that is counted.
    public var headSeq: Int64
    /// Every declared collection, the empty ones too.
    public var recordCounts: [String: Int]

    public init(headSeq: Int64, recordCounts: [String: Int]) {
        self.headSeq = headSeq
        self.recordCounts = recordCounts
    }
}

extension RecordStore {
    /// Values up to which the index on a column is walked from one to the next; beyond, the entries are read in order.
    private static let walkedValueCountMax: Int64 = 1_000

    /// The number of live records of each declared collection. They are counted as they are written: it costs one look
    /// at a page, however many there are.
    public func totals() async throws(StoreError) -> StoreTotals {
        let names = Array(tables.keys)
        return try await read(.short) { db in
            let counts = try db.liveCounts()
            return StoreTotals(
                headSeq: try db.integer("SELECT value FROM counters WHERE name = 'head_seq'", cached: true) ?? 0,
                recordCounts: Dictionary(uniqueKeysWithValues: names.map { ($0, counts[$0] ?? 0) }))
        }
    }

    /// How many different values a filter field has among the live records; of an array its elements count.
    ///
    /// - Complexity: For up to a thousand values, one descent of the field's index for each, whatever the number of
    ///   records. For more, one pass over the index; for an array, one pass over the records.
    public func distinctValueCount(of field: String, in collection: String) async throws(StoreError) -> Int {
        let tables = try tables(of: collection)
        guard let (_, name, column) = tables.column(named: field) else { throw .unknownField(field) }
        let records = tables.statements.records
        return try await read { db in
            if column.isArray {
                let sql = "SELECT count(DISTINCT e.value) FROM \(records) AS r, json_each(r.\(name)) AS e"
                return Int(try db.integer(sql) ?? 0)
            }
            // A tombstone has no values, so whatever is in the index is of a live record.
            let walk = """
                WITH RECURSIVE steps (value) AS (\
                SELECT min(\(name)) FROM \(records) WHERE \(name) IS NOT NULL UNION ALL \
                SELECT (SELECT min(\(name)) FROM \(records) WHERE \(name) > steps.value) FROM steps \
                WHERE steps.value IS NOT NULL LIMIT \(Self.walkedValueCountMax + 1)) \
                SELECT count(value) FROM steps
                """
            let walked = try db.integer(walk) ?? 0
            if walked <= Self.walkedValueCountMax { return Int(walked) }
            let sql = "SELECT count(*) FROM (SELECT DISTINCT \(name) FROM \(records) WHERE \(name) IS NOT NULL)"
            return Int(try db.integer(sql) ?? 0)
        }
    }
}
