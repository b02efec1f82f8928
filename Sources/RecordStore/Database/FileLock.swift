import Glibc

/// An exclusive lock on a file of its own, among processes and within one.
///
/// It is `flock`: the kernel drops it with the process, however that ends, so there is no stale lock to remove.
@safe final class FileLock: Sendable {
    private let descriptor: Int32

    /// `nil`: somebody else has had the lock for the whole `patience`.
    init?(path: String, patience: Duration = .zero) throws(StoreError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, detail: SystemCall.reason(errno)) }
        let deadline = ContinuousClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else {
                Glibc.close(descriptor)
                throw .unwritable(path: path, detail: SystemCall.reason(code))
            }
            if ContinuousClock.now >= deadline {
                Glibc.close(descriptor)
                return nil
            }
            // A blocking `flock` knows no deadline.
            usleep(2_000)
        }
    }

    deinit {
        // The lock ends when its description is closed.
        Glibc.close(descriptor)
    }

    func release() {
        flock(descriptor, LOCK_UN)
    }
}

/// What several wrappers of system calls need.
enum SystemCall {
    static func reason(_ code: Int32) -> String {
        // `strerror` gives a static text for every code that the calls here can set.
        unsafe String(cString: strerror(code))
    }

    /// Puts a file, or a directory's entries, on disk. Not for a database that a connection of this process has open:
    /// closing any descriptor of a file drops all POSIX locks that the process has on it, SQLite's among them.
    static func sync(_ path: String, isDirectory: Bool = false) throws(StoreError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | (isDirectory ? O_DIRECTORY : 0))
        guard descriptor >= 0 else { throw .unwritable(path: path, detail: reason(errno)) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unwritable(path: path, detail: reason(errno)) }
    }
}
