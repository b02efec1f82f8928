import GRDB
import RecordSchema

/// Brings the tables of the declared collections into being, or into line with what is declared now.
///
/// All of it is one transaction: a start either has every collection as declared, or changes nothing.
struct CollectionCatalog {
    let db: Database
    let derive: RowDerivation?
    var reembeds = false

    /// Collections that are stored but no longer declared keep their tables, untouched.
    func prepare(_ declared: [StoredCollection]) throws -> [CollectionTables] {
        try Self.refuseFaults(in: declared)
        return try declared.map { collection in
            let entry: CatalogEntry
            if let stored = try load(collection.name) {
                let plan = try plan(from: stored, to: collection)
                if let refusal = plan.refusal {
                    throw StoreError.incompatibleCollection(name: collection.name, refusal)
                }
                entry = try apply(plan)
            } else {
                entry = CatalogEntry(collection)
                try create(CollectionTables(entry))
            }
            try save(entry)
            return CollectionTables(entry)
        }
    }

    /// What `prepare` would do and refuse, found out by reading alone.
    func check(_ declared: [StoredCollection]) throws -> [CollectionVerdict] {
        try Self.refuseFaults(in: declared)
        return try declared.map { collection in
            guard let stored = try load(collection.name) else {
                return CollectionVerdict(name: collection.name, recordCount: 0, isNew: true, adjustments: [])
            }
            let plan = try plan(from: stored, to: collection)
            return CollectionVerdict(
                name: collection.name, recordCount: plan.recordCount, isNew: false, adjustments: plan.adjustments,
                refusal: try plan.refusal ?? checkRecords(plan))
        }
    }

    static func liveCounter(_ collection: String) -> [UInt8] { [UInt8]("live:\(collection)".utf8) }
    static func pendingCounter(_ collection: String) -> [UInt8] { [UInt8]("pending:\(collection)".utf8) }

    private func plan(from stored: CatalogEntry, to declared: StoredCollection) throws -> CollectionPlan {
        let count = try db.integer(
            "SELECT value FROM counters WHERE name = ?", [.text(Self.liveCounter(declared.name))]) ?? 0
        let plan = CollectionPlan(from: stored, to: declared, recordCount: Int(count), reembeds: reembeds)
        if plan.refusal == nil, plan.needsDerivation, derive == nil {
            throw StoreError.valuesDoNotFit(collection: declared.name)
        }
        return plan
    }

    // MARK: A declaration by itself

    static func refuseFaults(in declared: [StoredCollection]) throws {
        var names: Set<String> = []
        for collection in declared {
            if let fault = Self.fault(in: collection) {
                throw StoreError.unusableCollection(name: collection.name, fault)
            }
            guard names.insert(collection.name).inserted else {
                throw StoreError.unusableCollection(name: collection.name, .declaredTwice)
            }
        }
    }

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

    private func create(_ tables: CollectionTables) throws {
        for statement in tables.createTables + tables.createText { try db.run(statement) }
        for counter in [Self.liveCounter(tables.name), Self.pendingCounter(tables.name)] {
            try db.run("INSERT OR IGNORE INTO counters (name, value) VALUES (?, 0)", [.text(counter)])
        }
    }

    private func apply(_ plan: CollectionPlan) throws -> CatalogEntry {
        let (stored, declared) = (CollectionTables(plan.stored), CollectionTables(CatalogEntry(plan.declared)))
        if plan.textChanged {
            for statement in stored.dropText { try db.run(statement) }
        }
        for index in plan.droppedColumns {
            let name = stored.columnNames[index]
            try db.run("DROP INDEX IF EXISTS \(CollectionTables.indexName(stored.name, name))")
            try db.run("ALTER TABLE \(stored.statements.records) DROP COLUMN \(name)")
        }
        for index in plan.addedColumns {
            let type = CollectionTables.sqlType(of: declared.collection.columns[index])
            try db.run("ALTER TABLE \(declared.statements.records) ADD COLUMN \(declared.columnNames[index]) \(type)")
            if let statement = declared.createIndex(columnIndex: index) { try db.run(statement) }
        }
        try refill(declared, plan)
        if plan.textChanged {
            for statement in declared.createText { try db.run(statement) }
        }
        return try applyVectors(plan, declared)
    }

    /// Reads every record under the new declaration where that changed; fills new columns, and the key where its fields
    /// changed. `seq` moves with the rows when columns changed: an index that has the rows without these values has to
    /// read them again.
    private func refill(_ tables: CollectionTables, _ plan: CollectionPlan) throws {
        guard plan.readsRecords, let derive else { return }
        let (records, columns, keyChanged) = (tables.statements.records, plan.addedColumns, plan.keyChanged)
        if keyChanged { try db.run("UPDATE \(records) SET key = NULL WHERE key IS NOT NULL") }
        var assignments = columns.map { "\(tables.columnNames[$0]) = ?" }
        if keyChanged { assignments.append("key = ?") }
        if !columns.isEmpty { assignments.append("seq = ?") }
        let pass = RecordPass(db: db, tables: tables, derive: derive)
        let refusal: CollectionChange?
        if assignments.isEmpty {
            refusal = try pass.run { _, _ in nil }
        } else {
            var seq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") ?? 0
            let sql = "UPDATE \(records) SET \(assignments.joined(separator: ", ")) WHERE id = ?"
            refusal = try db.using(sql, cached: false) { update in
                try pass.run { id, derived in
                    var arguments = columns.map {
                        ColumnCoding.encode(derived.filterValues[$0], isArray: tables.collection.columns[$0].isArray)
                    }
                    if keyChanged {
                        let key = derived.key.map(StoredText.encode)
                        let sql = "SELECT id FROM \(records) WHERE key = ?"
                        if let key, let other = try db.integer(sql, [.text(key)], cached: true) {
                            return .duplicateKey(firstID: other, secondID: id)
                        }
                        arguments.append(key.map(SQLValue.text) ?? .null)
                    }
                    if !columns.isEmpty {
                        seq += 1
                        arguments.append(.integer(seq))
                    }
                    update.reset()
                    try update.bind(arguments + [.integer(id)])
                    try update.run()
                    return nil
                }
            }
            try db.run("UPDATE counters SET value = ? WHERE name = 'head_seq'", [.integer(seq)])
        }
        if let refusal { throw StoreError.incompatibleCollection(name: tables.name, refusal) }
    }

    /// The pass of `refill`, changing nothing but a table of keys that is this connection's own and on no disk for long.
    private func checkRecords(_ plan: CollectionPlan) throws -> CollectionChange? {
        guard plan.readsRecords, let derive else { return nil }
        let pass = RecordPass(db: db, tables: CollectionTables(CatalogEntry(plan.declared)), derive: derive)
        guard plan.keyChanged else { return try pass.run { _, _ in nil } }
        try db.run("CREATE TEMP TABLE checked_keys (key TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID")
        defer { try? db.run("DROP TABLE temp.checked_keys") }
        return try pass.run { id, derived in
            guard let key = derived.key.map(StoredText.encode) else { return nil }
            if let other = try db.integer("SELECT id FROM temp.checked_keys WHERE key = ?", [.text(key)]) {
                return .duplicateKey(firstID: other, secondID: id)
            }
            try db.run("INSERT INTO temp.checked_keys (key, id) VALUES (?, ?)", [.text(key), .integer(id)])
            return nil
        }
    }

    // MARK: Vectors

    private func applyVectors(_ plan: CollectionPlan, _ tables: CollectionTables) throws -> CatalogEntry {
        var entry = CatalogEntry(plan.declared)
        entry.generation = plan.stored.generation
        if plan.vectors == .reembed, plan.stored.target == plan.declared.vectors {
            // Where it was when the store was last open.
            entry.collection.vectors = plan.stored.collection.vectors
            entry.target = plan.stored.target
            return entry
        }
        if plan.stored.target != nil {
            try RetiredTable.retire(tables.statements.pending, of: tables.name, db)
            try db.run("UPDATE counters SET value = 0 WHERE name = ?", [.text(Self.pendingCounter(tables.name))])
        }
        switch plan.vectors {
        case .keep:
            // What nobody had written down is now known.
            entry.collection.vectors?.embeddedFields =
                plan.declared.vectors?.embeddedFields ?? plan.stored.collection.vectors?.embeddedFields
        case .replace:
            entry.generation += 1
        case .drop:
            try RetiredTable.retire(tables.statements.vectors, of: tables.name, db)
            try db.run(CollectionTables.createVectors(tables.statements.vectors))
            entry.generation += 1
        case .reembed:
            try db.run(CollectionTables.createVectors(tables.statements.pending))
            try db.run(
                "INSERT OR IGNORE INTO counters (name, value) VALUES (?, 0)", [.text(Self.pendingCounter(tables.name))])
            entry.collection.vectors = plan.stored.collection.vectors
            entry.target = plan.declared.vectors
        }
        return entry
    }
}
