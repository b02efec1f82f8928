import GRDB

/// One pass over the live records of a collection under a changed declaration, in pages: opening fills new columns by
/// it, and a check beforehand looks on. Both come to the same verdict, because it is the same pass.
struct RecordPass {
    /// Ids that a refusal names.
    private static let namedIDCountMax = 10

    let db: Database
    let tables: CollectionTables
    let derive: RowDerivation

    /// - Parameter visit: Gets each record's values until one is found that breaks the declaration, and returns what
    ///   breaks it.
    /// - Returns: Why the records cannot follow the declaration; `nil`: they can.
    func run(_ visit: (_ id: Int64, DerivedValues) throws -> CollectionChange?) throws -> CollectionChange? {
        let next = """
            SELECT id, body FROM \(tables.statements.records) WHERE id > ? AND deleted = 0 ORDER BY id LIMIT 256
            """
        var lastID: Int64 = 0
        var invalidCount = 0
        var invalidIDs: [Int64] = []
        var refusal: CollectionChange?
        while true {
            let rows: [(id: Int64, body: [UInt8])] = try db.using(next, cached: false) { statement in
                try statement.bind(lastID, at: 1)
                var rows: [(id: Int64, body: [UInt8])] = []
                while try statement.step() { rows.append((statement.int64(0), statement.bytes(1))) }
                return rows
            }
            guard let last = rows.last else { break }
            lastID = last.id
            for row in rows {
                guard let derived = try? derive(tables.name, row.body),
                    ColumnCoding.fit(derived.filterValues, tables.collection.columns)
                else {
                    invalidCount += 1
                    if invalidIDs.count < Self.namedIDCountMax { invalidIDs.append(row.id) }
                    continue
                }
                if invalidCount == 0, refusal == nil { refusal = try visit(row.id, derived) }
            }
        }
        return invalidCount > 0 ? .recordsDoNotValidate(count: invalidCount, firstIDs: invalidIDs) : refusal
    }
}
