import Crypto
import Glibc

/// A file of a model, open for reading at any place.
///
/// It is read, never mapped: a mapped file that someone cuts short ends the process with SIGBUS, a read of it gives an
/// error.
final class ModelFile: Sendable {
    let path: String
    /// Its size when it was opened.
    let byteCount: Int
    private let descriptor: Int32

    init(path: String) throws(ModelError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : errno
            close(descriptor)
            throw .unreadable(path: path, errno: code)
        }
        self.path = path
        self.descriptor = descriptor
        byteCount = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// - Returns: 0, or the `errno` of the failed read; `EIO` too where the file ends early.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int32 {
        var done = 0
        while done < buffer.count {
            let count = unsafe pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return errno }
            if count == 0 { return EIO }
            done += count
        }
        return 0
    }

    /// The bytes of `range`, which must lie within the file.
    func bytes(_ range: Range<Int>) throws(ModelError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            unsafe code = read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<range.count])), at: range.lowerBound)
            count = code == 0 ? range.count : 0
        }
        guard code == 0 else { throw .unreadable(path: path, errno: code) }
        return bytes
    }

    /// The whole file, if it has at most `limitBytes`.
    func contents(limitBytes: Int) throws(ModelError) -> [UInt8] {
        guard byteCount <= limitBytes else {
            throw .fileTooLarge(path: path, bytes: byteCount, limitBytes: limitBytes)
        }
        return try bytes(0..<byteCount)
    }

    /// SHA-256 of the whole file, lower-case hexadecimal.
    func sha256() throws(ModelError) -> String {
        var hash = SHA256()
        var offset = 0
        let chunkBytes = 1 << 20
        while offset < byteCount {
            let end = min(offset + chunkBytes, byteCount)
            hash.update(data: try bytes(offset..<end))
            offset = end
        }
        return hash.finalize().hexadecimal
    }
}

extension SHA256Digest {
    /// Lower-case, 64 characters.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
