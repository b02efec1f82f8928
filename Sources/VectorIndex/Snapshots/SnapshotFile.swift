import Glibc

/// The beginning of every snapshot, of 40 bytes.
struct SnapshotHeader: Hashable {
    static let magic: [UInt8] = Array("KAZISNAP".utf8)
    /// Another whenever the bytes change, or what they mean: the rotation, how a row is encoded, how rows are sorted.
    static let version: UInt32 = 1
    static let byteCount = 40
    /// In the byte order of this machine, in which the sections are too.
    private static let ownByteOrderTag = UInt32(littleEndian: 0x0a0b_0c0d)

    /// Of the whole file.
    var fileBytes: UInt64
    /// The manifest is the end of the file.
    var manifestBytes: UInt64
    var manifestChecksum: UInt32

    var encoded: [UInt8] {
        var writer = ByteWriter()
        for byte in Self.magic { writer.write(byte) }
        writer.write(Self.ownByteOrderTag)
        writer.write(Self.version)
        writer.write(fileBytes)
        writer.write(manifestBytes)
        writer.write(manifestChecksum)
        writer.write(Checksum.best(writer.bytes))
        return writer.bytes
    }

    init(fileBytes: UInt64, manifestBytes: UInt64, manifestChecksum: UInt32) {
        self.fileBytes = fileBytes
        self.manifestBytes = manifestBytes
        self.manifestChecksum = manifestChecksum
    }

    /// - Parameter bytes: The first of the file, fewer than 40 where it has no more.
    init(_ bytes: [UInt8], fileBytes: UInt64) throws(SnapshotError) {
        guard bytes.prefix(8).elementsEqual(Self.magic.prefix(bytes.count)) else { throw .notASnapshot }
        guard bytes.count >= Self.byteCount else {
            throw .wrongSize(expectedBytes: UInt64(Self.byteCount), foundBytes: fileBytes)
        }
        var reader = ByteReader(Array(bytes[8 ..< Self.byteCount]))
        guard let tag = reader.read(UInt32.self), let version = reader.read(UInt32.self),
            let expectedBytes = reader.read(UInt64.self), let manifestBytes = reader.read(UInt64.self),
            let manifestChecksum = reader.read(UInt32.self), let checksum = reader.read(UInt32.self)
        else { preconditionFailure("32 bytes hold these") }
        if tag == Self.ownByteOrderTag.byteSwapped { throw .foreignByteOrder }
        guard tag == Self.ownByteOrderTag else { throw .damaged(.header, index: 0) }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard checksum == Checksum.best(Array(bytes[..<(Self.byteCount - 4)])) else { throw .damaged(.header, index: 0) }
        guard fileBytes == expectedBytes else {
            throw .wrongSize(expectedBytes: expectedBytes, foundBytes: fileBytes)
        }
        guard manifestBytes <= expectedBytes - UInt64(Self.byteCount) else { throw .contradictory(.header, index: 0) }
        self.init(fileBytes: fileBytes, manifestBytes: manifestBytes, manifestChecksum: manifestChecksum)
    }
}

/// An open file descriptor, closed with the value.
struct FileDescriptor: ~Copyable, Sendable {
    private static let sparedBytesMax: UInt64 = 256 << 20

    private let number: Int32

    init(opening path: String, _ flags: Int32) throws(SnapshotError) {
        number = unsafe open(path, flags | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw .system(.open, code: errno) }
    }

    deinit { close(number) }

    func size() throws(SnapshotError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw .system(.stat, code: errno) }
        return UInt64(max(0, status.st_size))
    }

    /// Reads `bytes.count` bytes from `offset` on, fewer where the file ends before. Returns how many.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SnapshotError) -> Int {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = unsafe pread(number, base + done, bytes.count - done, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(.read, code: errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Up to `count` bytes from `offset` on.
    func read(_ count: Int, at offset: UInt64) throws(SnapshotError) -> [UInt8] {
        var bytes = Array(repeating: UInt8(0), count: count)
        var result: Result<Int, SnapshotError> = .success(0)
        unsafe bytes.withUnsafeMutableBytes { bytes in
            do throws(SnapshotError) {
                result = .success(try unsafe read(into: bytes, at: offset))
            } catch {
                result = .failure(error)
            }
        }
        return Array(bytes.prefix(try result.get()))
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SnapshotError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = unsafe pwrite(number, base + done, bytes.count - done, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            // A disk that takes nothing, and does not say why, is full.
            guard count > 0 else { throw .system(.write, code: count < 0 ? errno : ENOSPC) }
            done += count
        }
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(SnapshotError) {
        var failure: SnapshotError?
        unsafe bytes.withUnsafeBytes { bytes in
            do throws(SnapshotError) { try unsafe write(bytes, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Takes the room of a file of `byteCount` bytes now, so that a full disk is known before a byte is written. A cache
    /// leaves the last of the room to what cannot be made again, such as a database on the same disk.
    func allocate(_ byteCount: UInt64) throws(SnapshotError) {
        var disk = statvfs()
        guard unsafe fstatvfs(number, &disk) == 0 else { throw .system(.allocate, code: errno) }
        let blockBytes = UInt64(disk.f_frsize), freeBytes = UInt64(disk.f_bavail) * blockBytes
        let sparedBytes = min(Self.sparedBytesMax, UInt64(disk.f_blocks) * blockBytes / 20)
        guard freeBytes >= byteCount + sparedBytes else { throw .system(.allocate, code: ENOSPC) }
        let code = posix_fallocate(number, 0, off_t(byteCount))
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else { throw .system(.allocate, code: code) }
    }

    /// The contents, on disk.
    func sync() throws(SnapshotError) {
        guard fsync(number) == 0 else { throw .system(.sync, code: errno) }
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    /// Puts `path` in the place of whatever is at `target`, at once and for good.
    static func move(_ path: String, to target: String) throws(SnapshotError) {
        guard unsafe rename(path, target) == 0 else { throw .system(.rename, code: errno) }
        let folder = target.lastIndex(of: "/").map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY).sync()
    }
}
