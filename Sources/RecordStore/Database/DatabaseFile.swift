import GRDB

/// Opens `kazi.sqlite`: sees first, without changing anything, that the file is ours and whole; then makes or migrates it.
enum DatabaseFile {
    /// "kazi" in ASCII, in the header field by which SQLite files tell whose they are.
    static let applicationID: Int32 = 0x6b61_7a69

    static func open(_ directory: StoreDirectory, limits: StoreLimits) throws(StoreError) -> DatabasePool {
        let path = directory.databasePath
        let isNew = (StoreDirectory.fileBytes(path) ?? 0) == 0
        do {
            if !isNew { try probe(path, openingCheckBytesMax: limits.openingCheckBytesMax) }
            let pool = try DatabasePool(path: path, configuration: configuration(limits))
            try pool.writeWithoutTransaction { db in
                // The pool sets NORMAL after the configuration has run, under which a power cut loses acknowledged writes.
                try db.run("PRAGMA synchronous = FULL")
                guard try db.integer("PRAGMA synchronous") == 2 else {
                    throw StoreError.unwritable(path: path, detail: "SQLite refuses synchronous = FULL")
                }
                if let pageCount = limits.databasePageCountMax { _ = try db.integer("PRAGMA max_page_count = \(pageCount)") }
            }
            try migrate(pool, path: path)
            directory.releaseSchema()
            if isNew { try directory.sync() }
            return pool
        } catch let error as StoreError {
            throw error
        } catch {
            throw openingError(error, path: path)
        }
    }

    /// Opens one connection beside a store that may have the database open. The caller has the lock on the schema.
    ///
    /// A database that is missing or old is made or migrated, but not beneath a store: one that is open and done with
    /// opening is of a release that does not know the newer steps.
    static func openBeside(_ directory: String, databasePath path: String) throws(StoreError) -> DatabaseQueue {
        let isNew = (StoreDirectory.fileBytes(path) ?? 0) == 0
        do {
            // Both ends of every table; reading all of it would make a command wait that wants one row.
            if !isNew { try probe(path, openingCheckBytesMax: 0) }
            var configuration = Configuration()
            configuration.label = "kazi.accounts"
            configuration.foreignKeysEnabled = false
            configuration.busyMode = .timeout(5)
            configuration.journalMode = .wal
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { db in try db.run("PRAGMA synchronous = FULL") }
            if try !queue.read(migrator().hasCompletedMigrations) {
                guard let lock = try StoreDirectory.tryLock(directory) else { throw StoreError.inUse(path: directory) }
                defer { lock.release() }
                try migrate(queue, path: path)
            }
            try queue.read { db in try refuseNewer(db, path: path) }
            if isNew { try SystemCall.sync(directory, isDirectory: true) }
            return queue
        } catch let error as StoreError {
            throw error
        } catch {
            throw openingError(error, path: path)
        }
    }

    private static func configuration(_ limits: StoreLimits) -> Configuration {
        var configuration = Configuration()
        configuration.label = "kazi.store"
        configuration.foreignKeysEnabled = false
        configuration.maximumReaderCount = limits.readerCount
        // Nobody else should be in this file, but an operator with a shell may be, and is waited for.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // 16 MiB a connection; sorting and counting stay off the disk.
            try db.run("PRAGMA cache_size = -16384")
            try db.run("PRAGMA temp_store = MEMORY")
            // After a checkpoint the log is cut back to this, however long one transaction made it.
            _ = try db.integer("PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    // MARK: The file as it was found

    /// Reads the file through a connection that cannot write.
    static func probe(_ path: String, openingCheckBytesMax: Int) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.inDatabase { db in
            let application = Int32(truncatingIfNeeded: try db.integer("PRAGMA application_id") ?? 0)
            // A crash in the first moments leaves a file with no tables and no id: that one is ours to finish.
            let isEmpty = try db.integer("SELECT count(*) FROM sqlite_schema") == 0
            guard application == applicationID || (application == 0 && isEmpty) else {
                throw StoreError.foreignDatabase(path: path, applicationID: application)
            }
            let bytes = StoreDirectory.fileBytes(path) ?? 0
            if bytes <= openingCheckBytesMax {
                let findings = try db.texts("PRAGMA quick_check(1)")
                if findings != ["ok"] {
                    throw StoreError.corrupt(path: path, detail: findings.first ?? "quick_check gave no answer")
                }
            } else {
                try readEnds(db)
            }
        }
    }

    /// Reads the first and the last entry of every table and index: a walk down both edges of each tree.
    private static func readEnds(_ db: Database) throws {
        let tables = try db.texts("""
            SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
            AND sql NOT LIKE '%WITHOUT ROWID%'
            """)
        for table in tables {
            let quoted = "\"" + table.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
            _ = try db.texts("SELECT * FROM \(quoted) ORDER BY rowid LIMIT 1")
            _ = try db.texts("SELECT * FROM \(quoted) ORDER BY rowid DESC LIMIT 1")
        }
    }

    // MARK: The schema

    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        // Steps are only ever added; a step that a release has shipped is never edited.
        migrator.registerMigration("1: store, counters, collections", migrate: createFirstSchema)
        migrator.registerMigration("2: idempotency keys", migrate: IdempotencyTable.create)
        migrator.registerMigration("3: API keys and users", migrate: AccountDatabase.createTables)
        migrator.registerMigration("4: a restored store's digests") { db in
            // Content digests are keyed by the id that the store was made with; a restore gives it another id.
            try db.run("ALTER TABLE store ADD COLUMN digest_key TEXT")
            try db.run("UPDATE store SET digest_key = store_id")
        }
        migrator.registerMigration("5: vectors made anew", migrate: CollectionCatalog.addColumns)
        return migrator
    }

    static func migrate(_ writer: some DatabaseWriter, path: String) throws {
        try writer.read { db in try refuseNewer(db, path: path) }
        try writer.writeWithoutTransaction { db in
            if try db.integer("PRAGMA application_id") == 0 { try db.run("PRAGMA application_id = \(applicationID)") }
        }
        try migrator().migrate(writer)
    }

    static func refuseNewer(_ db: Database, path: String) throws {
        let migrator = migrator()
        let unknown = try migrator.appliedIdentifiers(db).subtracting(migrator.migrations)
        if let migration = unknown.min() { throw StoreError.newerVersion(path: path, migration: migration) }
    }

    private static func createFirstSchema(_ db: Database) throws {
        try db.run("""
            CREATE TABLE store (
              only INTEGER PRIMARY KEY CHECK (only = 1),
              store_id TEXT NOT NULL,
              created_at INTEGER NOT NULL
            ) STRICT
            """)
        // Numbers that change with every transaction, together on one page: 'head_seq', 'live:<collection>'.
        try db.run("CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID")
        try db.run("""
            CREATE TABLE collections (
              name TEXT PRIMARY KEY,
              columns TEXT NOT NULL,
              text_fields TEXT NOT NULL,
              key_fields TEXT NOT NULL,
              dimension INTEGER,
              metric TEXT,
              model_digest TEXT,
              schema_digest TEXT NOT NULL
            ) STRICT
            """)
        try db.run("INSERT INTO counters (name, value) VALUES ('head_seq', 0)")
        try db.run(
            "INSERT INTO store (only, store_id, created_at) VALUES (1, ?, ?)",
            [.text(StoreClock.randomID()), .integer(StoreClock.now())])
    }

    // MARK: Errors

    /// What an error of SQLite means while opening.
    static func openingError(_ error: any Error, path: String) -> StoreError {
        guard let error = error as? DatabaseError else { return .corrupt(path: path, detail: "\(error)") }
        let detail = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_NOTADB: return .notADatabase(path: path)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_AUTH:
            return .unwritable(path: path, detail: detail)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .inUse(path: path)
        default: return .corrupt(path: path, detail: detail)
        }
    }
}
