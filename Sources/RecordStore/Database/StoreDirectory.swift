import GRDBSQLite
import Glibc

/// The data directory, held by this process alone until `release`.
///
/// Two locks. `kazi.lock` is the store's for as long as it is open: SQLite's own locks would let a second store in between
/// two transactions. `kazi.schema.lock` is held for the moment in which the schema is looked at and migrated, by a
/// store that opens and by an `AccountDatabase` alike; who needs both takes it first.
final class StoreDirectory: Sendable {
    /// How long another process may take to migrate the schema.
    static let schemaPatience = Duration.seconds(10)

    let path: String
    private let lock: FileLock
    private let schemaLock: FileLock

    var databasePath: String { path + "/kazi.sqlite" }
    var walPath: String { path + "/kazi.sqlite-wal" }

    /// Makes the directory where it is missing, and takes both locks.
    init(path: String) throws(StoreError) {
        self.path = path
        try Self.makeDirectory(path)
        schemaLock = try Self.lockSchema(path)
        guard let lock = try Self.tryLock(path) else { throw .inUse(path: path) }
        self.lock = lock
    }

    static func tryLock(_ path: String) throws(StoreError) -> FileLock? { try FileLock(path: path + "/kazi.lock") }

    static func lockSchema(_ path: String) throws(StoreError) -> FileLock {
        guard let lock = try FileLock(path: path + "/kazi.schema.lock", patience: schemaPatience) else {
            throw .inUse(path: path)
        }
        return lock
    }

    /// The schema is what it should be: account databases may look at it.
    func releaseSchema() { schemaLock.release() }

    func release() { lock.release() }

    /// Puts the directory's entries on disk: a database that was just made is otherwise lost with the power, whatever was
    /// synced into it.
    func sync() throws(StoreError) { try SystemCall.sync(path, isDirectory: true) }

    /// The size of a file; `nil` where there is none.
    static func fileBytes(_ path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    static func makeDirectory(_ path: String) throws(StoreError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part
            defer { made += "/" }
            if made.isEmpty || (unsafe mkdir(made, 0o700)) == 0 { continue }
            let code = errno
            // EISDIR and EROFS come for parts that exist; whether the last is usable, the lock file shows.
            guard code == EEXIST || code == EISDIR || code == EROFS else {
                throw .unwritable(path: made, detail: SystemCall.reason(code))
            }
        }
    }
}
