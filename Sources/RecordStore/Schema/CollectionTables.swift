import RecordSchema

/// The tables of one collection: their names, how they are made, and the statements that use them.
///
/// - `jobs:records`: one row for every id ever given, with its filter columns and, last, its body; a deleted record's row
///   stays as a tombstone that has only its `seq`.
/// - `jobs:vectors`: apart, so that reading records does not read vectors. NULL: the record has none.
/// - `jobs:pending`: while records are embedded anew, the vectors that will take the place of those; `jobs:retired-…`,
///   what they took the place of, until it is deleted.
/// - `jobs:text`: an FTS5 index that holds no text of its own. The view `jobs:text_source` takes the text out of the
///   bodies: what is indexed, and what is to be forgotten, follows from the body alone. (As an external content table
///   of FTS5 the view could not unpack arrays: FTS5 lets no virtual table, `json_each` included, into its statements.)
///
/// A collection's name has no `:`, so neither these tables nor the ones that FTS5 makes for itself meet another's.
struct CollectionTables: Sendable {
    let collection: StoredCollection
    /// The SQL name of each filter column, in order.
    let columnNames: [String]
    let statements: CollectionStatements
    /// Of the vectors that serve.
    let generation: Int
    /// What the vectors in the making are; `nil`: there are none, and no table for them.
    let target: VectorSettings?

    init(_ entry: CatalogEntry) {
        collection = entry.collection
        generation = entry.generation
        target = entry.target
        columnNames = Self.columnNames(for: collection.columns)
        statements = CollectionStatements(collection, columnNames: columnNames)
    }

    var name: String { collection.name }
    var dimension: Int { collection.vectors?.dimension ?? 0 }
    var hasText: Bool { !collection.textFields.isEmpty }
    /// Whether a record's vector is one of its fields, rather than a function of them.
    var vectorsAreContent: Bool { collection.vectors != nil && collection.vectors?.modelDigest == nil }

    func column(named field: String) -> (index: Int, name: String, column: FilterColumn)? {
        guard let index = collection.columns.firstIndex(where: { $0.name == field }) else { return nil }
        return (index, columnNames[index], collection.columns[index])
    }

    /// `f_` and the field's letters, digits and underscores; SQL does not tell upper from lower case, so a name that is
    /// taken gets a number.
    static func columnNames(for columns: [FilterColumn]) -> [String] {
        var taken: Set<String> = []
        return columns.map { column in
            let plain = "f_" + String(column.name.unicodeScalars.map { scalar in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                return isPlain ? Character(scalar) : "_"
            })
            var name = plain
            var number = 2
            while !taken.insert(name.lowercased()).inserted {
                name = "\(plain)_\(number)"
                number += 1
            }
            return name
        }
    }

    static func sqlType(of column: FilterColumn) -> String {
        if column.isArray { return "TEXT" }
        return switch column.type {
        case .string: "TEXT"
        case .number: "REAL"
        case .timestamp, .boolean: "INTEGER"
        }
    }

    /// The column's index, for equality and ranges. Absent values are not in it, and so cost nothing. `deleted` is in it
    /// so that counting does not look at the rows, and so that equality gives the ids in order. An array has none: its
    /// elements are within one text.
    func createIndex(columnIndex: Int) -> String? {
        guard !collection.columns[columnIndex].isArray else { return nil }
        let column = columnNames[columnIndex]
        return """
            CREATE INDEX \(Self.indexName(name, column)) ON \(statements.records) (\(column), deleted) \
            WHERE \(column) IS NOT NULL
            """
    }

    static func indexName(_ collection: String, _ column: String) -> String { "\"\(collection):\(column)\"" }

    /// Makes the tables of a collection that the database does not have yet, the text index aside.
    var createTables: [String] {
        var columns = [
            "id INTEGER PRIMARY KEY AUTOINCREMENT", "seq INTEGER NOT NULL", "deleted INTEGER NOT NULL DEFAULT 0",
            "created_at INTEGER NOT NULL", "updated_at INTEGER NOT NULL", "content_digest INTEGER", "key TEXT",
        ]
        for (column, sqlName) in zip(collection.columns, columnNames) {
            columns.append("\(sqlName) \(Self.sqlType(of: column))")
        }
        columns.append("body TEXT")
        let records = statements.records
        return [
            "CREATE TABLE \(records) (\(columns.joined(separator: ", "))) STRICT",
            "CREATE UNIQUE INDEX \(Self.indexName(name, "seq")) ON \(records) (seq)",
            "CREATE UNIQUE INDEX \(Self.indexName(name, "key")) ON \(records) (key) WHERE key IS NOT NULL",
            """
            CREATE INDEX \(Self.indexName(name, "content_digest")) ON \(records) (content_digest) \
            WHERE content_digest IS NOT NULL
            """,
            Self.createVectors(statements.vectors),
        ] + collection.columns.indices.compactMap(createIndex)
    }

    static func createVectors(_ table: String) -> String {
        "CREATE TABLE \(table) (id INTEGER PRIMARY KEY, vector BLOB) STRICT"
    }

    /// Makes the text index and fills it from the rows that exist.
    var createText: [String] {
        guard hasText else { return [] }
        let names = statements.textColumns
        let sources = zip(collection.textFields, names).map { "\(Self.textExpression($0)) AS \($1)" }
        return [
            """
            CREATE VIEW \(statements.textSource) AS SELECT id, \(sources.joined(separator: ", ")) \
            FROM \(statements.records) WHERE deleted = 0
            """,
            """
            CREATE VIRTUAL TABLE \(statements.text) USING fts5(\(names.joined(separator: ", ")), \
            content='', tokenize='unicode61 remove_diacritics 2')
            """,
            """
            INSERT INTO \(statements.text) (rowid, \(names.joined(separator: ", "))) \
            SELECT id, \(names.joined(separator: ", ")) FROM \(statements.textSource)
            """,
        ]
    }

    var dropText: [String] {
        ["DROP TABLE IF EXISTS \(statements.text)", "DROP VIEW IF EXISTS \(statements.textSource)"]
    }

    /// The text of one field of the body: the string, or the strings of an array, else NULL.
    private static func textExpression(_ field: String) -> String {
        // A JSON path cannot name a field that has a quote, a backslash or a control character in it.
        let isPlain = field.unicodeScalars.allSatisfy { $0 != "\"" && $0 != "\\" && $0.value >= 0x20 }
        guard isPlain else {
            return """
                (SELECT group_concat(e.value, ' ') FROM json_each(body) AS f, \
                json_each(CASE f.type WHEN 'array' THEN f.value ELSE json_array(f.value) END) AS e \
                WHERE f.key = \(literal(field)) AND e.type = 'text')
                """
        }
        let path = literal("$.\"\(field)\"")
        return """
            CASE json_type(body, \(path)) WHEN 'text' THEN body ->> \(path) WHEN 'array' THEN \
            (SELECT group_concat(value, ' ') FROM json_each(body, \(path)) WHERE type = 'text') END
            """
    }

    /// A string as SQL text; a view takes no arguments. NUL, which would end the statement, is written as a call.
    static func literal(_ string: String) -> String {
        let quoted = string.split(separator: "\0", omittingEmptySubsequences: false).map { part in
            "'" + part.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        return quoted.count == 1 ? quoted[0] : "(" + quoted.joined(separator: " || char(0) || ") + ")"
    }
}

/// The SQL of a collection that does not depend on the request: written once, compiled once for each connection.
struct CollectionStatements: Sendable {
    let records, vectors, pending, text, textSource: String
    let textColumns: [String]

    /// Arguments: key. Columns as in `recordByID`.
    let recordByKey: String
    /// Arguments: content_digest. Columns as in `recordByID`.
    let recordsByDigest: String
    /// Arguments: id. Columns: id, seq, created_at, updated_at, body.
    let recordByID: String
    /// Arguments: seq, created_at, updated_at, content_digest, key, the filter columns, body, and for `update` the id.
    let insertRecord, updateRecord: String
    /// Arguments: seq, updated_at, id.
    let deleteRecord: String
    let insertVector, deleteVector, vectorByID: String
    /// Arguments: id, and for `insert` vector.
    let insertPending, deletePending: String
    /// Arguments: id, limit. Columns as in `recordByID`.
    let recordsLackingPending: String
    /// Arguments: id, seq.
    let liveRecordWithSeq: String
    let insertText, deleteText: String
    /// Arguments: seq. Columns: id, seq. From the index on `seq` alone.
    let changesAfter: String
    /// Arguments: id. Columns: deleted, vector, the filter columns.
    let feedRow: String

    init(_ collection: StoredCollection, columnNames: [String]) {
        records = "\"\(collection.name):records\""
        vectors = "\"\(collection.name):vectors\""
        pending = "\"\(collection.name):pending\""
        text = "\"\(collection.name):text\""
        textSource = "\"\(collection.name):text_source\""
        textColumns = collection.textFields.indices.map { "t\($0)" }

        let recordColumns = "SELECT id, seq, created_at, updated_at, body FROM \(records) WHERE deleted = 0 AND"
        recordByKey = "\(recordColumns) key = ?"
        recordsByDigest = "\(recordColumns) content_digest = ?"
        recordByID = "\(recordColumns) id = ?"

        let written = ["seq", "created_at", "updated_at", "content_digest", "key"] + columnNames + ["body"]
        let places = written.map { _ in "?" }.joined(separator: ", ")
        insertRecord = "INSERT INTO \(records) (\(written.joined(separator: ", "))) VALUES (\(places))"
        let assignments = written.map { "\($0) = ?" }.joined(separator: ", ")
        updateRecord = "UPDATE \(records) SET \(assignments) WHERE id = ?"
        let emptied = (["content_digest", "key"] + columnNames + ["body"]).map { ", \($0) = NULL" }.joined()
        deleteRecord = "UPDATE \(records) SET deleted = 1, seq = ?, updated_at = ?\(emptied) WHERE id = ?"

        insertVector = "INSERT OR REPLACE INTO \(vectors) (id, vector) VALUES (?, ?)"
        deleteVector = "DELETE FROM \(vectors) WHERE id = ?"
        vectorByID = "SELECT vector FROM \(vectors) WHERE id = ?"

        insertPending = "INSERT INTO \(pending) (id, vector) VALUES (?, ?)"
        deletePending = "DELETE FROM \(pending) WHERE id = ?"
        recordsLackingPending = """
            SELECT r.id, r.seq, r.created_at, r.updated_at, r.body FROM \(records) AS r WHERE r.id > ? \
            AND r.deleted = 0 AND NOT EXISTS (SELECT 1 FROM \(pending) AS p WHERE p.id = r.id) ORDER BY r.id LIMIT ?
            """
        liveRecordWithSeq = "SELECT id FROM \(records) WHERE id = ? AND seq = ? AND deleted = 0"

        let names = textColumns.joined(separator: ", ")
        insertText = "INSERT INTO \(text) (rowid, \(names)) SELECT id, \(names) FROM \(textSource) WHERE id = ?"
        // FTS5 has to be told the very text that it is to forget, so this runs before the row changes.
        deleteText = """
            INSERT INTO \(text) (\(text), rowid, \(names)) SELECT 'delete', id, \(names) FROM \(textSource) WHERE id = ?
            """

        changesAfter = "SELECT id, seq FROM \(records) WHERE seq > ? ORDER BY seq"
        let filterColumns = columnNames.map { ", r.\($0)" }.joined()
        feedRow = """
            SELECT r.deleted, v.vector\(filterColumns) FROM \(records) AS r \
            LEFT JOIN \(vectors) AS v ON v.id = r.id WHERE r.id = ?
            """
    }
}
