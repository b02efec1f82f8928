import Foundation
import GRDB
import RecordSchema

/// Brings the tables of the declared collections into being, or into line with what is declared now.
///
/// All of it is one transaction: a start either has every collection as declared, or changes nothing.
struct CollectionCatalog {
    let db: Database
    let derive: RowDerivation?

    /// Collections that are stored but no longer declared keep their tables, untouched.
    func prepare(_ declared: [StoredCollection]) throws -> [CollectionTables] {
        var names: Set<String> = []
        for collection in declared {
            if let fault = Self.fault(in: collection) {
                throw StoreError.unusableCollection(name: collection.name, fault)
            }
            guard names.insert(collection.name).inserted else {
                throw StoreError.unusableCollection(name: collection.name, .declaredTwice)
            }
        }
        return try declared.map { collection in
            let tables = CollectionTables(collection)
            if let stored = try load(collection.name) {
                try upgrade(from: CollectionTables(stored), to: tables)
            } else {
                for statement in tables.createTables + tables.createText { try db.run(statement) }
                try db.run("INSERT INTO counters (name, value) VALUES (?, 0)", [.text(Self.liveCounter(collection.name))])
            }
            try save(collection)
            return tables
        }
    }

    /// Every collection that the database holds, declared now or not.
    func storedCollections() throws -> [StoredCollection] {
        try db.texts("SELECT name FROM collections ORDER BY name").compactMap(load)
    }

    static func liveCounter(_ collection: String) -> [UInt8] { [UInt8]("live:\(collection)".utf8) }

    // MARK: A declaration by itself

    private static func fault(in collection: StoredCollection) -> CollectionFault? {
        let name = [UInt8](collection.name.utf8)
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let others = Set("0123456789_-".utf8)
        guard (1...100).contains(name.count), letters.contains(name[0]),
            name.allSatisfy({ letters.contains($0) || others.contains($0) })
        else { return .invalidName }
        var fields: Set<[UInt8]> = []
        for column in collection.columns {
            guard fields.insert([UInt8](column.name.utf8)).inserted else { return .fieldDeclaredTwice(column.name) }
        }
        if collection.columns.count > 500 { return .tooManyColumns(count: collection.columns.count, limit: 500) }
        if collection.textFields.count > 100 { return .tooManyColumns(count: collection.textFields.count, limit: 100) }
        if let dimension = collection.vectors?.dimension, !(1...65_536).contains(dimension) {
            return .invalidDimension(dimension)
        }
        return nil
    }

    // MARK: A declaration against what is stored

    private func upgrade(from stored: CollectionTables, to declared: CollectionTables) throws {
        let liveCount = try db.integer(
            "SELECT value FROM counters WHERE name = ?", [.text(Self.liveCounter(declared.name))]) ?? 0
        if liveCount > 0, let change = Self.change(from: stored.collection, to: declared.collection) {
            throw StoreError.incompatibleCollection(name: declared.name, change)
        }
        if stored.collection.textFields != declared.collection.textFields {
            for statement in stored.dropText { try db.run(statement) }
        }
        let filledColumns = try alterColumns(from: stored, to: declared)
        if liveCount > 0 {
            let keyChanged = stored.collection.keyFields != declared.collection.keyFields
            try refill(declared, columns: filledColumns, keyChanged: keyChanged)
        }
        if stored.collection.textFields != declared.collection.textFields {
            for statement in declared.createText { try db.run(statement) }
        }
    }

    /// The first change that the rows there are cannot follow. (One that only the vectors cannot follow is to be met by
    /// embedding anew one day; until then it is an error, too.)
    private static func change(from stored: StoredCollection, to declared: StoredCollection) -> CollectionChange? {
        for column in declared.columns {
            guard let old = stored.columns.first(where: { $0.name == column.name }) else { continue }
            if typeName(old) != typeName(column) {
                return .columnType(field: column.name, stored: typeName(old), declared: typeName(column))
            }
        }
        guard let old = stored.vectors, let new = declared.vectors else {
            return stored.vectors == declared.vectors
                ? nil : .dimension(stored: stored.vectors?.dimension, declared: declared.vectors?.dimension)
        }
        if old.dimension != new.dimension { return .dimension(stored: old.dimension, declared: new.dimension) }
        if old.modelDigest != new.modelDigest { return .model(stored: old.modelDigest, declared: new.modelDigest) }
        if old.metric != new.metric { return .metric(stored: old.metric, declared: new.metric) }
        return nil
    }

    private static func typeName(_ column: FilterColumn) -> FilterTypeName {
        column.isArray ? "array of \(column.type.rawValue)" : column.type.rawValue
    }

    /// Drops columns that are gone, adds those that are new; returns the indices of the new ones.
    ///
    /// A column's SQL name depends on the others' where two fields differ only in characters that SQL names leave out;
    /// one whose name changed is dropped and added like any other.
    private func alterColumns(from stored: CollectionTables, to declared: CollectionTables) throws -> [Int] {
        func identity(_ tables: CollectionTables, _ index: Int) -> [String] {
            let column = tables.collection.columns[index]
            return [column.name, tables.columnNames[index], Self.typeName(column)]
        }
        let before = Set(stored.columnNames.indices.map { identity(stored, $0) })
        let after = Set(declared.columnNames.indices.map { identity(declared, $0) })
        for index in stored.columnNames.indices where !after.contains(identity(stored, index)) {
            let name = stored.columnNames[index]
            try db.run("DROP INDEX IF EXISTS \(CollectionTables.indexName(stored.name, name))")
            try db.run("ALTER TABLE \(stored.statements.records) DROP COLUMN \(name)")
        }
        let added = declared.columnNames.indices.filter { !before.contains(identity(declared, $0)) }
        for index in added {
            let type = CollectionTables.sqlType(of: declared.collection.columns[index])
            try db.run("ALTER TABLE \(declared.statements.records) ADD COLUMN \(declared.columnNames[index]) \(type)")
            if let statement = declared.createIndex(columnIndex: index) { try db.run(statement) }
        }
        return added
    }

    /// Fills new columns, and the key where its fields changed, from the bodies. `seq` moves with the rows when columns
    /// changed: an index that has the rows without these values has to read them again.
    private func refill(_ tables: CollectionTables, columns: [Int], keyChanged: Bool) throws {
        guard !columns.isEmpty || keyChanged else { return }
        guard let derive else { throw StoreError.valuesDoNotFit(collection: tables.name) }
        let records = tables.statements.records
        if keyChanged { try db.run("UPDATE \(records) SET key = NULL WHERE key IS NOT NULL") }
        var assignments = columns.map { "\(tables.columnNames[$0]) = ?" }
        if keyChanged { assignments.append("key = ?") }
        if !columns.isEmpty { assignments.append("seq = ?") }
        let update = "UPDATE \(records) SET \(assignments.joined(separator: ", ")) WHERE id = ?"
        let next = "SELECT id, body FROM \(records) WHERE id > ? AND deleted = 0 ORDER BY id LIMIT 256"
        var seq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") ?? 0

        var lastID: Int64 = 0
        while true {
            let rows: [(id: Int64, body: [UInt8])] = try db.using(next, cached: false) { statement in
                try statement.bind(lastID, at: 1)
                var rows: [(id: Int64, body: [UInt8])] = []
                while try statement.step() { rows.append((statement.int64(0), statement.bytes(1))) }
                return rows
            }
            guard let last = rows.last else { break }
            lastID = last.id
            try db.using(update, cached: false) { statement in
                for row in rows {
                    let derived = try values(of: row.body, id: row.id, in: tables, derive)
                    var arguments = columns.map { ColumnCoding.encode(derived.filterValues[$0], isArray: tables.collection.columns[$0].isArray) }
                    if keyChanged {
                        let key = derived.key.map(StoredText.encode)
                        try refuseSecond(key, id: row.id, in: tables)
                        arguments.append(key.map(SQLValue.text) ?? .null)
                    }
                    if !columns.isEmpty {
                        seq += 1
                        arguments.append(.integer(seq))
                    }
                    statement.reset()
                    try statement.bind(arguments + [.integer(row.id)])
                    try statement.run()
                }
            }
        }
        try db.run("UPDATE counters SET value = ? WHERE name = 'head_seq'", [.integer(seq)])
    }

    private func values(
        of body: [UInt8], id: Int64, in tables: CollectionTables, _ derive: RowDerivation
    ) throws -> DerivedValues {
        guard let derived = try? derive(tables.name, body),
            ColumnCoding.fit(derived.filterValues, tables.collection.columns)
        else { throw StoreError.incompatibleCollection(name: tables.name, .recordDoesNotValidate(id: id)) }
        return derived
    }

    private func refuseSecond(_ key: [UInt8]?, id: Int64, in tables: CollectionTables) throws {
        guard let key else { return }
        let other = try db.integer("SELECT id FROM \(tables.statements.records) WHERE key = ?", [.text(key)])
        if let other {
            throw StoreError.incompatibleCollection(name: tables.name, .duplicateKey(firstID: other, secondID: id))
        }
    }

    // MARK: The catalog's rows

    private func load(_ name: String) throws -> StoredCollection? {
        let sql = """
            SELECT columns, text_fields, key_fields, dimension, metric, model_digest, schema_digest \
            FROM collections WHERE name = ?
            """
        return try db.using(sql, cached: false) { statement in
            try statement.bind(text: [UInt8](name.utf8), at: 1)
            guard try statement.step() else { return nil }
            let decoder = JSONDecoder()
            let columns = try decoder.decode([CatalogColumn].self, from: Data(statement.bytes(0)))
            var vectors: VectorSettings?
            if !statement.isNull(3) {
                vectors = VectorSettings(
                    dimension: Int(statement.int64(3)), metric: statement.text(4),
                    modelDigest: statement.isNull(5) ? nil : statement.text(5))
            }
            return StoredCollection(
                name: name, columns: try columns.map { try $0.column },
                textFields: try decoder.decode([String].self, from: Data(statement.bytes(1))),
                keyFields: try decoder.decode([String].self, from: Data(statement.bytes(2))),
                vectors: vectors, schemaDigest: statement.text(6))
        }
    }

    private func save(_ collection: StoredCollection) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func json(_ value: some Encodable) throws -> SQLValue { .text([UInt8](try encoder.encode(value))) }
        func text(_ string: String?) -> SQLValue { string.map { .text([UInt8]($0.utf8)) } ?? .null }
        let sql = """
            INSERT OR REPLACE INTO collections \
            (name, columns, text_fields, key_fields, dimension, metric, model_digest, schema_digest) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        try db.run(sql, [
            text(collection.name), try json(collection.columns.map(CatalogColumn.init)),
            try json(collection.textFields), try json(collection.keyFields),
            collection.vectors.map { .integer(Int64($0.dimension)) } ?? .null, text(collection.vectors?.metric),
            text(collection.vectors?.modelDigest), text(collection.schemaDigest),
        ])
    }
}

/// A filter column as the catalog writes it down.
private struct CatalogColumn: Codable {
    var name: String
    var type: String
    var isArray: Bool

    init(_ column: FilterColumn) {
        name = column.name
        type = column.type.rawValue
        isArray = column.isArray
    }

    var column: FilterColumn {
        get throws {
            guard let type = FilterType(rawValue: type) else {
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no column type \(type)"))
            }
            return FilterColumn(name: name, type: type, isArray: isArray)
        }
    }
}
