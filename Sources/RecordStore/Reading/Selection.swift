import GRDB
import RecordSchema

/// The live records of a collection that match a keyword query and pass a filter.
struct Selection {
    private let tables: CollectionTables
    private let keyword: KeywordQuery?
    private let hasFilter: Bool
    private let from: String
    private let arguments: [SQLValue]

    init(_ tables: CollectionTables, keyword text: String?, filter: Filter?) throws(StoreError) {
        self.tables = tables
        hasFilter = filter != nil
        let condition = try FilterSQL(filter, tables: tables)
        guard let text else {
            keyword = nil
            from = "FROM \(tables.statements.records) AS r WHERE r.deleted = 0 AND \(condition.sql)"
            arguments = condition.arguments
            return
        }
        let query = try KeywordQuery(text)
        keyword = query
        // The text index has live records only; CROSS JOIN makes it the outer loop.
        from = """
            FROM \(tables.statements.text) AS t CROSS JOIN \(tables.statements.records) AS r \
            WHERE r.id = t.rowid AND t.\(tables.statements.text) MATCH ? AND \(condition.sql)
            """
        arguments = [.text(query.match ?? [])] + condition.arguments
    }

    /// A keyword query without a word, or a collection without text, matches nothing.
    private var isEmpty: Bool { keyword != nil && (keyword?.match == nil || !tables.hasText) }

    /// How `ids` orders.
    struct Order {
        let sql: String
        /// The column, when it may be without a value.
        var nullableColumn: String? = nil
    }

    func order(_ sort: RecordSort?) throws(StoreError) -> Order {
        guard let sort else { return Order(sql: keyword == nil ? "r.id" : "t.rank, r.id") }
        let direction = sort.descending ? "DESC" : "ASC"
        switch sort.key {
        case .id: return Order(sql: "r.id \(direction)")
        case .createdAt: return Order(sql: "r.created_at \(direction), r.id")
        case .updatedAt: return Order(sql: "r.updated_at \(direction), r.id")
        case .field(let field):
            guard let column = tables.column(named: field), !column.column.isArray else { throw .unknownField(field) }
            return Order(sql: "r.\(column.name) \(direction), r.id", nullableColumn: "r.\(column.name)")
        }
    }

    func count(_ db: Database) throws -> Int {
        if isEmpty { return 0 }
        if !hasFilter, keyword == nil {
            let counter = try db.integer(
                "SELECT value FROM counters WHERE name = ?", [.text(CollectionCatalog.liveCounter(tables.name))],
                cached: true)
            return Int(counter ?? 0)
        }
        return Int(try db.integer("SELECT count(*) \(from)", arguments) ?? 0)
    }

    /// The ids alone: what is sorted stays small, and the bodies are fetched for one stretch only.
    ///
    /// Records without a value come last. They are a second query, because the column's index does not have them: the
    /// first can then walk that index and stop, where a sort would read the whole table.
    func ids(order: Order, limit: Int, offset: Int, _ db: Database) throws -> [Int64] {
        if isEmpty { return [] }
        guard let column = order.nullableColumn else {
            return try ids("", order: order.sql, limit: limit, offset: offset, db)
        }
        var ids = try ids("AND \(column) IS NOT NULL", order: order.sql, limit: limit, offset: offset, db)
        if ids.count < limit {
            let isInside = !ids.isEmpty || offset == 0
            let valueCount = isInside
                ? offset + ids.count
                : Int(try db.integer("SELECT count(*) \(from) AND \(column) IS NOT NULL", arguments) ?? 0)
            ids += try self.ids(
                "AND \(column) IS NULL", order: "r.id", limit: limit - ids.count, offset: max(offset - valueCount, 0), db)
        }
        return ids
    }

    private func ids(
        _ condition: String, order: String, limit: Int, offset: Int, _ db: Database
    ) throws -> [Int64] {
        let sql = "SELECT r.id \(from) \(condition) ORDER BY \(order) LIMIT ? OFFSET ?"
        return try db.using(sql, cached: false) { statement in
            try statement.bind(arguments + [.integer(Int64(limit)), .integer(Int64(offset))])
            var ids: [Int64] = []
            while try statement.step() { ids.append(statement.int64(0)) }
            return ids
        }
    }

    func hits(limit: Int, offset: Int, _ db: Database) throws -> [KeywordHit] {
        if isEmpty { return [] }
        let sql = "SELECT r.id, t.rank \(from) ORDER BY t.rank, r.id LIMIT ? OFFSET ?"
        return try db.using(sql, cached: false) { statement in
            try statement.bind(arguments + [.integer(Int64(limit)), .integer(Int64(offset))])
            var hits: [KeywordHit] = []
            // FTS5's rank is BM25 with its sign turned, so that the best comes first in ascending order.
            while try statement.step() { hits.append(KeywordHit(id: statement.int64(0), score: -statement.double(1))) }
            return hits
        }
    }
}
