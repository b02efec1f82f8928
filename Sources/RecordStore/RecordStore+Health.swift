import GRDB
import Glibc
import NIOConcurrencyHelpers

/// Whether a store can do its work.
public enum StoreHealth: Sendable, Hashable {
    case well
    /// With the reason, for an operator.
    case failing(String)
}

extension RecordStore {
    /// Free space below which a write is expected to fail soon.
    private static let freeBytesMin: UInt64 = 4 << 20

    /// Looks whether the store could read and write now: that its file is still the one that was opened, that there is
    /// room beside it, and that a read succeeds. Only after a write has failed is one tried, so that asking costs the disk
    /// nothing while all is well.
    public func health() async -> StoreHealth {
        if state.withLockedValue({ $0.queue.isClosed }) { return .failing("the store is closed") }
        guard let opened = openedFile, FileIdentity(path: databasePath) == opened else {
            return .failing("the database file was removed or replaced")
        }
        if let fault = Self.spaceFault(directoryPath) { return .failing(fault) }
        do {
            _ = try await read { db in try db.integer("SELECT value FROM counters WHERE name = 'head_seq'") }
        } catch {
            return .failing("a read failed: \(error)")
        }
        guard state.withLockedValue({ $0.isUnwritable }) else { return .well }
        do {
            // Writes the page as it is: SQLite does not look whether a value has changed.
            try await pool.write { db in
                try db.run("UPDATE counters SET value = value WHERE name = 'head_seq'", cached: true)
            }
        } catch {
            return .failing("a write failed: \(Self.writingError(error))")
        }
        state.withLockedValue { $0.isUnwritable = false }
        return .well
    }

    private static func spaceFault(_ path: String) -> String? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return "the data directory cannot be looked at" }
        if status.f_flag & UInt(ST_RDONLY) != 0 { return "the file system is read-only" }
        let freeBytes = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        return freeBytes < freeBytesMin ? "the disk is full" : nil
    }
}

/// Which file a path leads to: another file under the same name is another identity.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt
    private let inode: UInt

    /// `nil` where there is no file.
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }
}
