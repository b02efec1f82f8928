import GRDBSQLite
import Glibc

/// The data directory, held by this process alone until `release`.
///
/// The lock is `flock` on `kazi.lock`: the kernel drops it with the process, however that ends, so there is no stale
/// lock to remove. SQLite's own locks would let a second process in between two transactions.
@safe final class StoreDirectory: Sendable {
    let path: String
    private let descriptor: Int32

    var databasePath: String { path + "/kazi.sqlite" }
    var walPath: String { path + "/kazi.sqlite-wal" }

    /// Makes the directory where it is missing, and takes the lock.
    init(path: String) throws(StoreError) {
        self.path = path
        try Self.makeDirectory(path)
        let lockPath = path + "/kazi.lock"
        descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: lockPath, detail: Self.reason(errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw code == EWOULDBLOCK ? .inUse(path: path) : .unwritable(path: lockPath, detail: Self.reason(code))
        }
    }

    deinit {
        // The last reference goes with the store: the lock ends when its description is closed.
        Glibc.close(descriptor)
    }

    func release() {
        flock(descriptor, LOCK_UN)
    }

    /// Puts the directory's entries on disk: a database that was just made is otherwise lost with the power, whatever was
    /// synced into it.
    func sync() throws(StoreError) {
        let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .unwritable(path: path, detail: Self.reason(errno)) }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else { throw .unwritable(path: path, detail: Self.reason(errno)) }
    }

    /// The size of a file; `nil` where there is none.
    static func fileBytes(_ path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    private static func makeDirectory(_ path: String) throws(StoreError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part
            defer { made += "/" }
            if made.isEmpty || (unsafe mkdir(made, 0o700)) == 0 { continue }
            let code = errno
            // EISDIR and EROFS come for parts that exist; whether the last is usable, the lock file shows.
            guard code == EEXIST || code == EISDIR || code == EROFS else {
                throw .unwritable(path: made, detail: reason(code))
            }
        }
    }

    private static func reason(_ code: Int32) -> String {
        // `strerror` gives a static text for every code that the system calls above can set.
        unsafe String(cString: strerror(code))
    }
}
