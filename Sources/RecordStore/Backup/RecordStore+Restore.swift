import GRDB
import Glibc

/// What a restore did.
public struct RestoreResult: Sendable, Hashable {
    /// What the backup held.
    public var backup: BackupSummary
    /// The identity of the store from now on.
    public var storeID: String
    /// Where the database is that was in the directory before; `nil`: there was none, or it was to be deleted.
    public var previousDatabase: String?
}

extension RecordStore {
    /// Puts a backup in the place of the database of a stopped store; blocks.
    ///
    /// The backup is read and checked first; its copy is made beside the database, checked too and put on disk; then it
    /// takes the database's name in one step. A crash leaves either the one or the other under that name.
    ///
    /// The store gets another `storeID`: its sequence numbers begin again at the backup's, so that one and the same
    /// number would otherwise mean two writes. Workers hold vectors by store and number, and start over for another store.
    ///
    /// - Parameters:
    ///   - directory: Made where it is missing. `StoreError.inUse` where a store has it open.
    ///   - keepsPrevious: Whether the database that was there stays beside the new one.
    public static func restore(
        from backup: String, into directory: String, keepsPrevious: Bool = true,
        progress: @escaping (BackupProgress) -> Void = { _ in }
    ) throws(BackupError) -> RestoreResult {
        let summary = try BackupFile.verify(backup)
        do {
            // Both locks are held until the end of this function, and end with it.
            let held = try StoreDirectory(path: directory)
            defer { held.release() }
            let restoring = held.databasePath + ".restoring"
            BackupFile.remove(restoring)
            try BackupFile.create(restoring)
            defer { BackupFile.remove(restoring) }
            let source = try BackupFile.openForReading(backup)
            defer { try? source.close() }
            let copied = try BackupFile.copy(from: source, to: restoring, progress: progress)
            let storeID = try giveNewID(restoring)
            progress(BackupProgress(step: .verifying, copiedPageCount: copied.pageCount, pageCount: copied.pageCount))
            let found = try BackupFile.verify(restoring)
            guard found.storeID == storeID, found.headSeq == summary.headSeq, found.recordCounts == summary.recordCounts
            else { throw BackupError.differs(copied: summary, found: found) }
            try SystemCall.sync(restoring)

            let previous = try setAside(held)
            try BackupFile.publish(restoring, as: held.databasePath, replacing: true)
            if let previous, !keepsPrevious { BackupFile.remove(previous) }
            return RestoreResult(
                backup: summary, storeID: storeID, previousDatabase: keepsPrevious ? previous : nil)
        } catch {
            throw BackupError(error, path: directory)
        }
    }

    /// Brings the copy to this release's schema and gives it an identity of its own.
    private static func giveNewID(_ path: String) throws -> String {
        let queue = try DatabaseQueue(path: path)
        try DatabaseFile.migrate(queue, path: path)
        let storeID = StoreClock.randomID()
        try queue.write { db in try db.run("UPDATE store SET store_id = ?", [.text(storeID)]) }
        try queue.close()
        return String(decoding: storeID, as: UTF8.self)
    }

    /// Gives the database that is there a second name, under which it is whole, and sees to it that no log of its is
    /// left under the first: SQLite would play it back into the database that comes.
    ///
    /// - Returns: The second name; `nil` where there is no database.
    private static func setAside(_ held: StoreDirectory) throws -> String? {
        guard BackupFile.exists(held.databasePath) else {
            for suffix in ["-wal", "-shm"] { unsafe unlink(held.databasePath + suffix) }
            return nil
        }
        // Closing moves the log into the database and deletes it, unless the database is damaged.
        if let queue = try? DatabaseQueue(path: held.databasePath) {
            _ = try? queue.inDatabase { db in try db.checkpoint(.truncate) }
            try? queue.close()
        }
        var number = 1
        var name: String { held.databasePath + ".before-restore-\(number)" }
        while BackupFile.exists(name) || BackupFile.exists(name + "-wal") { number += 1 }
        try BackupFile.link(held.databasePath, to: name)
        if StoreDirectory.fileBytes(held.walPath) ?? 0 > 0 { try BackupFile.link(held.walPath, to: name + "-wal") }
        // On disk before the first names go.
        try held.sync()
        for suffix in ["-wal", "-shm"] { unsafe unlink(held.databasePath + suffix) }
        try held.sync()
        return name
    }
}
