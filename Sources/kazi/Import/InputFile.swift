import Foundation

/// A file or standard input, read in chunks without ever waiting longer than a moment: a terminal or a pipe that says
/// nothing does not hold up a person who wants to stop.
///
/// Closes what it opened when it is released.
struct InputFile: ~Copyable {
    enum Chunk {
        case bytes([UInt8])
        /// Nothing came for `patienceMilliseconds`; more may come.
        case pause
        case end
    }

    /// The whole size, for a regular file.
    let sizeBytes: Int64?
    private let descriptor: Int32
    private let path: String

    private static let chunkBytes = 256 << 10
    private static let patienceMilliseconds: Int32 = 250

    /// - Parameter path: `-` is standard input.
    init(path: String) throws(ImportFileError) {
        self.path = path == "-" ? "standard input" : path
        descriptor = path == "-" ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: self.path, reason: systemErrorText(errno)) }
        var information = stat()
        let isRegular = unsafe fstat(descriptor, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
        sizeBytes = isRegular ? Int64(information.st_size) : nil
    }

    deinit { close(descriptor) }

    func read() throws(ImportFileError) -> Chunk {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let readyCount = unsafe poll(&request, 1, Self.patienceMilliseconds)
        if readyCount == 0 || (readyCount < 0 && errno == EINTR) { return .pause }
        let buffer = unsafe [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { buffer, count in
            // A failure leaves no bytes and the error in `errno`, which nothing changes before it is looked at.
            errno = 0
            count = max(0, unsafe Foundation.read(descriptor, buffer.baseAddress, Self.chunkBytes))
        }
        if !buffer.isEmpty { return .bytes(buffer) }
        let error = errno
        if error == EINTR || error == EAGAIN { return .pause }
        guard error == 0 else { throw .unreadable(path: path, reason: systemErrorText(error)) }
        return .end
    }
}

/// The system's words for an error number.
func systemErrorText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
