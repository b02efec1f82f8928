import Foundation
import GRDB
import Glibc

/// Copies and checks whole databases. All of it blocks.
enum BackupFile {
    /// 2 MiB: what is copied between two looks at whether to stop.
    private static let stepPageCount: CInt = 512

    // MARK: Copying

    /// Copies a database as it is at one moment into a new file, which is then a single file that any SQLite can open.
    ///
    /// SQLite's online backup, within one read transaction of the source: writes go on meanwhile, and none of them
    /// makes it start over. What they add stays in the write-ahead log until the copy is done.
    ///
    /// - Parameter progress: Called after each step; what it throws ends the copy.
    static func copy(
        from source: DatabaseQueue, to path: String, progress: @escaping (BackupProgress) throws -> Void
    ) throws -> BackupSummary {
        var configuration = Configuration()
        configuration.label = "kazi.copy"
        let destination = try DatabaseQueue(path: path, configuration: configuration)
        // Nobody has the file before it is whole and synced, so nothing in it needs protection before.
        try destination.inDatabase { db in
            _ = try db.texts("PRAGMA journal_mode = OFF")
            try db.run("PRAGMA synchronous = OFF")
        }
        let summary = try source.read { sourceDB in
            let summary = try BackupSummary(sourceDB)
            try destination.inDatabase { db in
                try sourceDB.backup(to: db, pagesPerStep: stepPageCount) { step in
                    try progress(
                        BackupProgress(
                            step: .copying, copiedPageCount: step.completedPageCount, pageCount: step.totalPageCount))
                }
            }
            return summary
        }
        try destination.close()
        // The copy's header says WAL, as the source's does; a copy that is in one file says so itself.
        let copy = try DatabaseQueue(path: path, configuration: configuration)
        let mode = try copy.inDatabase { db in try db.texts("PRAGMA journal_mode = DELETE") }
        try copy.close()
        guard mode == ["delete"] else {
            throw StoreError.unwritable(path: path, detail: "SQLite refuses journal_mode = DELETE")
        }
        return summary
    }

    static func openForReading(_ path: String) throws(BackupError) -> DatabaseQueue {
        guard unsafe access(path, R_OK) == 0 else {
            throw .unreadable(path: path, detail: SystemCall.reason(errno))
        }
        var configuration = Configuration()
        configuration.label = "kazi.backup"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do { return try DatabaseQueue(path: path, configuration: configuration) } catch {
            throw .store(DatabaseFile.openingError(error, path: path))
        }
    }

    // MARK: Checking

    /// Reads all of a file and compares it with itself: that it is ours, that its pages and indexes are whole, and that
    /// counters and rows agree.
    static func verify(_ path: String) throws(BackupError) -> BackupSummary {
        let queue = try openForReading(path)
        defer { try? queue.close() }
        do {
            return try queue.read { db in
                let application = Int32(truncatingIfNeeded: try db.integer("PRAGMA application_id") ?? 0)
                guard application == DatabaseFile.applicationID else {
                    throw StoreError.foreignDatabase(path: path, applicationID: application)
                }
                try DatabaseFile.refuseNewer(db, path: path)
                var findings = try db.texts("PRAGMA integrity_check(100)").filter { $0 != "ok" }
                if findings.isEmpty {
                    let headSeq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") ?? 0
                    for entry in try CollectionCatalog(db: db, derive: nil).storedCollections() {
                        findings += try RecordStore.check(
                            CollectionTables(entry), headSeq: headSeq, readsOnly: true, db)
                    }
                }
                guard findings.isEmpty else {
                    throw StoreError.corrupt(path: path, detail: findings.joined(separator: "; "))
                }
                return try BackupSummary(db)
            }
        } catch {
            throw BackupError(error, path: path)
        }
    }

    // MARK: Files

    /// Makes an empty file that its owner alone may read: it will hold password hashes.
    static func create(_ path: String) throws(BackupError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .store(.unwritable(path: path, detail: SystemCall.reason(errno)))
        }
        Glibc.close(descriptor)
    }

    static func exists(_ path: String) -> Bool { StoreDirectory.fileBytes(path) != nil }

    /// Removes a database with whatever SQLite left beside it; what is not there is no error.
    static func remove(_ path: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] { unsafe unlink(path + suffix) }
    }

    /// Gives a file its name for good. Both are in one directory.
    static func publish(_ temporary: String, as path: String, replacing: Bool) throws(BackupError) {
        if replacing {
            guard unsafe rename(temporary, path) == 0 else {
                throw .store(.unwritable(path: path, detail: SystemCall.reason(errno)))
            }
        } else {
            try link(temporary, to: path)
            unsafe unlink(temporary)
        }
        do throws(StoreError) { try SystemCall.sync(directory(of: path), isDirectory: true) } catch { throw .store(error) }
    }

    /// A second name for a file; the first stays. Unlike a renaming it never replaces a file that is there.
    static func link(_ path: String, to name: String) throws(BackupError) {
        guard unsafe Glibc.link(path, name) == 0 else {
            let code = errno
            throw code == EEXIST
                ? .fileExists(path: name) : .store(.unwritable(path: name, detail: SystemCall.reason(code)))
        }
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension BackupError {
    /// What an error means that came up while a backup's file was read or written.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as BackupError: self = error
        case let error as StoreError: self = .store(error)
        case is CancellationError: self = .store(.cancelled)
        default: self = .store(DatabaseFile.openingError(error, path: path))
        }
    }
}

extension BackupSummary {
    /// Of the database as the transaction at hand sees it.
    init(_ db: Database) throws {
        storeID = try db.texts("SELECT store_id FROM store").first ?? ""
        headSeq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") ?? 0
        recordCounts = try db.liveCounts()
        pageCount = Int(try db.integer("PRAGMA page_count") ?? 0)
        pageBytes = Int(try db.integer("PRAGMA page_size") ?? 0)
    }
}

extension Database {
    /// How many live records each stored collection has.
    func liveCounts() throws -> [String: Int] {
        let sql = "SELECT c.name, n.value FROM collections AS c JOIN counters AS n ON n.name = 'live:' || c.name"
        return try using(sql) { statement in
            var counts: [String: Int] = [:]
            while try statement.step() { counts[statement.text(0)] = Int(statement.int64(1)) }
            return counts
        }
    }
}
