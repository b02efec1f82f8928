import Glibc

/// The directory of one worker's snapshots, one file for each collection, held by this process alone.
///
/// The lock is `flock` on a file of its own: the kernel drops it with the process, however that ends.
final class SnapshotFolder: Sendable {
    enum OpenError: Error {
        /// Another process has the lock.
        case inUse
        /// What the system says.
        case unusable(String)
    }

    let path: String
    private let lock: Int32

    private static let suffix = ".snapshot"
    private static let unfinishedSuffix = ".snapshot.partial"

    /// Makes the directory where it is missing, and takes the lock.
    init(path: String) throws(OpenError) {
        self.path = path
        try Self.makeDirectory(path)
        lock = unsafe open(path + "/worker.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unusable(Self.reason(errno)) }
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(lock)
            throw code == EWOULDBLOCK ? .inUse : .unusable(Self.reason(code))
        }
    }

    deinit {
        // The lock ends with its last descriptor.
        close(lock)
    }

    /// Where the snapshot of a collection is; `nil`: its name is none that a gateway of ours gives one, and could lead
    /// anywhere.
    func file(ofCollection name: String) -> String? {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
        return isPlain && !name.isEmpty ? path + "/" + name + Self.suffix : nil
    }

    /// The collections that there are snapshots of, in the order of their names.
    var collections: [String] {
        names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
            .filter { file(ofCollection: $0) != nil }.sorted()
    }

    /// Removes what a process left that was killed while it wrote.
    func removeUnfinished() {
        for name in names where name.hasSuffix(Self.unfinishedSuffix) { unsafe unlink(path + "/" + name) }
    }

    /// Returns whether there was one to remove.
    @discardableResult
    func remove(_ file: String) -> Bool { unsafe unlink(file) == 0 }

    private var names: [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                    unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names
    }

    private static func makeDirectory(_ path: String) throws(OpenError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part
            defer { made += "/" }
            if made.isEmpty || (unsafe mkdir(made, 0o700)) == 0 { continue }
            let code = errno
            // EISDIR and EROFS come for parts that exist; whether the last is usable, the lock file shows.
            guard code == EEXIST || code == EISDIR || code == EROFS else { throw .unusable(reason(code)) }
        }
    }

    private static func reason(_ code: Int32) -> String {
        // `strerror` gives a static text for every code that the calls here can set.
        unsafe String(cString: strerror(code))
    }
}
