import GRDB
import NIOConcurrencyHelpers

// Embedding anew. Opened with `reembeds`, a store takes a declaration whose vectors are of another model, or of other
// fields, and keeps serving the old ones. The caller then
//
// 1. reads `recordsLackingPendingVector` page by page, embeds them and hands the vectors to `putPendingVectors`,
//    until a round from id 0 finds none;
// 2. calls `adoptPendingVectors`, and begins again at 1 when that says that the set is not whole.
//
// All of it is in the database: after a crash the caller goes on at 1 and finds what is still lacking. A write may bring
// the record's vector of both sets (`RecordWrite.pendingVector`); one that does not makes its record lack one.

extension RecordStore {
    /// What serves, and how far its successor is.
    public func vectorState(of collection: String) async throws(StoreError) -> VectorState {
        let known = try tables(of: collection)
        return try await read(.short) { db in
            let tables = try Self.current(known, db)
            func counter(_ name: [UInt8]) throws -> Int {
                Int(try db.integer("SELECT value FROM counters WHERE name = ?", [.text(name)], cached: true) ?? 0)
            }
            return VectorState(
                generation: tables.generation, serving: tables.collection.vectors, target: tables.target,
                pendingCount: tables.target == nil ? 0 : try counter(CollectionCatalog.pendingCounter(tables.name)),
                recordCount: try counter(CollectionCatalog.liveCounter(tables.name)))
        }
    }

    /// Records that have no vector in the set in the making, with an id above `afterID`, by ascending id. Fewer than
    /// `limit`: there are no more above. Empty when no set is in the making. `limit` is 1...10,000.
    public func recordsLackingPendingVector(
        in collection: String, afterID: Int64, limit: Int
    ) async throws(StoreError) -> [StoredRecord] {
        let known = try tables(of: collection)
        guard (1...Self.rowCountMax).contains(limit) else { throw .tooManyRows(count: limit, limit: Self.rowCountMax) }
        return try await read { db in
            let tables = try Self.current(known, db)
            guard tables.target != nil else { return [] }
            return try db.using(tables.statements.recordsLackingPending) { statement in
                try statement.bind([.integer(afterID), .integer(Int64(limit))])
                var records: [StoredRecord] = []
                while try statement.step() { records.append(Self.readRecord(statement)) }
                return records
            }
        }
    }

    /// Adds vectors to the set in the making, each only if its record still has the `seq`; in one transaction, at most
    /// 10,000.
    ///
    /// - Returns: How many were stored; the others' records were changed or deleted since. 0 when no set is in the making.
    public func putPendingVectors(
        _ vectors: [PendingVector], in collection: String
    ) async throws(StoreError) -> Int {
        let name = try tables(of: collection).name
        guard vectors.count <= Self.rowCountMax else {
            throw .tooManyRows(count: vectors.count, limit: Self.rowCountMax)
        }
        return try await transaction { db in
            guard let tables = self.tables[name], let target = tables.target else { return 0 }
            for vector in vectors {
                if let components = vector.vector, components.count != target.dimension {
                    throw StoreError.wrongDimension(expected: target.dimension, actual: components.count)
                }
            }
            var storedCount = 0
            var change: Int64 = 0
            for vector in vectors {
                let sql = tables.statements.liveRecordWithSeq
                guard try db.integer(sql, [.integer(vector.id), .integer(vector.seq)], cached: true) != nil else { continue }
                let bytes = vector.vector.map { SQLValue.blob(RecordPreparation.littleEndian($0)) } ?? .null
                change += try tables.putPending(bytes, id: vector.id, db)
                storedCount += 1
            }
            try db.run(
                "UPDATE counters SET value = value + ? WHERE name = ?",
                [.integer(change), .text(CollectionCatalog.pendingCounter(name))], cached: true)
            return storedCount
        }
    }

    /// Has the set in the making serve from now on, if it is whole: in one transaction, of a length that does not depend
    /// on the number of records. The old vectors are deleted bit by bit afterwards.
    ///
    /// The rows keep their `seq`, and `VectorState.generation` grows: a replica of another generation starts from 0.
    ///
    /// - Returns: Whether it does; otherwise records still lack a vector, or no set is in the making.
    public func adoptPendingVectors(in collection: String) async throws(StoreError) -> Bool {
        let name = try tables(of: collection).name
        let isAdopted = try await onWriter { db in
            guard let adopted = try db.immediately({ db in try Self.adopt(name, db) }) else { return false }
            // Before the writer does anything else: it writes by what is here. Readers look at the catalog.
            self.state.withLockedValue { $0.tables[name] = adopted }
            return true
        }
        if isAdopted { sweepRetiredTables() }
        return isAdopted
    }

    private static func adopt(_ name: String, _ db: Database) throws -> CollectionTables? {
        let catalog = CollectionCatalog(db: db, derive: nil)
        guard var entry = try catalog.load(name), let target = entry.target else { return nil }
        let counters = [CollectionCatalog.pendingCounter(name), CollectionCatalog.liveCounter(name)]
        let counts = try counters.map { try db.integer("SELECT value FROM counters WHERE name = ?", [.text($0)]) }
        guard counts[0] == counts[1] else { return nil }
        let statements = CollectionTables(entry).statements
        try RetiredTable.retire(statements.vectors, of: name, db)
        try db.run("ALTER TABLE \(statements.pending) RENAME TO \(statements.vectors)")
        try db.run("UPDATE counters SET value = 0 WHERE name = ?", [.text(counters[0])])
        entry.collection.vectors = target
        entry.target = nil
        entry.generation += 1
        try catalog.save(entry)
        return CollectionTables(entry)
    }

    /// The tables as the snapshot at hand has them, which may be newer or older than those that the call began with.
    static func current(_ tables: CollectionTables, _ db: Database) throws -> CollectionTables {
        let generation = try db.integer(
            "SELECT vector_generation FROM collections WHERE name = ?", [.text([UInt8](tables.name.utf8))], cached: true)
        if generation == Int64(tables.generation) { return tables }
        guard let entry = try CollectionCatalog(db: db, derive: nil).load(tables.name) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        return CollectionTables(entry)
    }

    /// Deletes old vectors, a few in each turn of the writer.
    func sweepRetiredTables() {
        pool.asyncWriteWithoutTransaction { [weak self] db in
            guard let self, !self.state.withLockedValue({ $0.queue.isClosed }) else { return }
            // What cannot be deleted now is found again when the store is opened.
            if (try? db.immediately({ db in try RetiredTable.sweep(db) })) == true { self.sweepRetiredTables() }
        }
    }
}

extension CollectionTables {
    /// Writes a row of the set in the making; returns by how much that grew, 0 or 1.
    func putPending(_ vector: SQLValue, id: Int64, _ db: Database) throws -> Int64 {
        let change = 1 + (try deletePending(id: id, db))
        try db.run(statements.insertPending, [.integer(id), vector], cached: true)
        return change
    }

    /// Returns by how much the set grew, 0 or -1.
    func deletePending(id: Int64, _ db: Database) throws -> Int64 {
        try db.run(statements.deletePending, [.integer(id)], cached: true)
        return -Int64(db.changesCount)
    }
}
