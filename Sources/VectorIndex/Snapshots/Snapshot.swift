import Glibc

/// A snapshot in a file, of which the table of contents has been read and found whole.
public final class Snapshot: Sendable {
    public let source: SnapshotSource
    /// Every change up to here is in it.
    public let appliedSeq: UInt64
    public let liveRowCount: Int
    /// About what the index will take, too.
    public let fileBytes: Int
    private let manifest: SnapshotManifest
    private let file: FileDescriptor

    /// Reads the header and the manifest of the file at `path`. The file may be replaced afterwards: what was opened stays.
    public init(path: String) throws(SnapshotError) {
        // Without waiting for anybody, should it be a pipe.
        file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK)
        let fileBytes = try file.size()
        let header = try SnapshotHeader(
            try file.read(SnapshotHeader.byteCount, at: 0), fileBytes: fileBytes)
        let bytes = try file.read(Int(header.manifestBytes), at: fileBytes - header.manifestBytes)
        guard bytes.count == Int(header.manifestBytes), Checksum.best(bytes) == header.manifestChecksum else {
            throw .damaged(.manifest, index: 0)
        }
        guard let manifest = SnapshotManifest(bytes) else { throw .contradictory(.manifest, index: 0) }
        self.manifest = manifest
        self.fileBytes = Int(fileBytes)
        source = manifest.source
        appliedSeq = manifest.appliedSeq
        liveRowCount = manifest.liveRowCount
    }

    /// What the vectors and columns are like.
    ///
    /// - Throws: `contradictory`: no index can be like that.
    public func configuration() throws(SnapshotError) -> VectorIndexConfiguration {
        do throws(IndexError) {
            return try VectorIndexConfiguration(
                dimension: manifest.dimension, metric: manifest.metric, columns: manifest.columns)
        } catch {
            throw .contradictory(.manifest, index: 0)
        }
    }

    /// Makes an index of it that goes on where the one that was written stood, its arrangement included.
    ///
    /// The file is read into memory of its own rather than mapped: all of it has to be read anyway to be checked, pages of
    /// a file are never huge, which costs scans a quarter of their speed, and a disk that fails later does no harm.
    ///
    /// - Parameters:
    ///   - configuration: Its `rowLimit` is the index's.
    ///   - threadCount: How many threads read and check at once, the caller's among them; 1 or more.
    public func read(_ configuration: VectorIndexConfiguration, threadCount: Int) throws(SnapshotError) -> VectorIndex {
        guard configuration.dimension == manifest.dimension, configuration.metric == manifest.metric,
            configuration.columns == manifest.columns
        else { throw .otherShape }
        guard liveRowCount <= configuration.rowLimit else {
            throw .tooManyRows(rowCount: liveRowCount, rowLimit: configuration.rowLimit)
        }
        try checkManifest(configuration)
        let content = SnapshotContent(allocating: manifest, configuration: configuration)
        let sections = content.sections(manifest)
        guard sections.count == manifest.checksums.count else { throw .contradictory(.manifest, index: 0) }
        var offsets: [UInt64] = [], offset = UInt64(SnapshotHeader.byteCount)
        for section in sections {
            offsets.append(offset)
            offset += UInt64(section.byteCount)
        }
        try Self.onThreads(threadCount, partCount: sections.count) { [manifest, offsets] index throws(SnapshotError) in
            try self.read(sections[index], at: offsets[index], checksum: manifest.checksums[index])
        }
        try Self.onThreads(threadCount, partCount: content.checkedPartCount) { index throws(SnapshotError) in
            if let fault = content.fault(inPart: index) { throw fault }
        }
        return try VectorIndex(configuration, content)
    }

    private func checkManifest(_ configuration: VectorIndexConfiguration) throws(SnapshotError) {
        let slots = manifest.segments.map(\.slot), serials = Set(manifest.segments.map(\.serial))
        guard zip(slots, slots.dropFirst()).allSatisfy({ $0 < $1 }), serials.count == slots.count,
            manifest.segments.allSatisfy({ $0.rowCount <= configuration.segmentRowLimit }),
            manifest.arrangement.map({ $0.rotationSeed == Rotation.seed }) ?? true,
            // What a segment gets as its serial has to be larger than all there were.
            manifest.largestSerial < UInt64.max >> 1,
            let sectionBytes = manifest.sectionBytes(configuration),
            sectionBytes == UInt64(fileBytes - SnapshotHeader.byteCount) - UInt64(manifest.encoded.count)
        else { throw .contradictory(.manifest, index: 0) }
    }

    /// Bytes read at once: few enough that they are still in the cache when their checksum is made.
    private static let chunkBytes = 512 << 10

    private func read(_ section: SnapshotSection, at offset: UInt64, checksum: UInt32) throws(SnapshotError) {
        var found: UInt32 = 0
        for start in stride(from: 0, to: section.byteCount, by: Self.chunkBytes) {
            let bytes = unsafe UnsafeMutableRawBufferPointer(
                start: section.memory + start, count: min(Self.chunkBytes, section.byteCount - start))
            guard unsafe try file.read(into: bytes, at: offset + UInt64(start)) == bytes.count else {
                // Cut short since its size was looked at.
                throw .damaged(section.part, index: section.index)
            }
            found = unsafe Checksum.best.extended(found, by: UnsafeRawBufferPointer(bytes))
        }
        guard found == checksum else { throw .damaged(section.part, index: section.index) }
    }

    /// Runs `body` once for each part, on this thread and others, and returns when all are done; throws the error of the
    /// first part, in their order, that failed.
    private static func onThreads(
        _ threadCount: Int, partCount: Int, _ body: @escaping @Sendable (Int) throws(SnapshotError) -> Void
    ) throws(SnapshotError) {
        struct Work {
            var nextPart = 0
            var failure: (part: Int, error: SnapshotError)?
        }
        let work = Monitor(Work())
        let takeParts: @Sendable () -> Void = {
            while true {
                let part = work.withLock { work in
                    defer { work.nextPart += 1 }
                    return work.nextPart
                }
                guard part < partCount else { return }
                do throws(SnapshotError) {
                    try body(part)
                } catch {
                    work.withLock { work in
                        if part < work.failure?.part ?? .max { work.failure = (part, error) }
                        // Parts before this one have been begun: nothing more is to be found out.
                        work.nextPart = partCount
                    }
                }
            }
        }
        let helperCount = max(0, min(threadCount, partCount) - 1)
        let helpers = (0 ..< helperCount).map { startThread(named: "kazi-load-\($0)", takeParts) }
        takeParts()
        for helper in helpers { pthread_join(helper, nil) }
        if let failure = work.withLock(\.failure) { throw failure.error }
    }
}

extension SnapshotManifest {
    /// Of all segments, those included that are gone and still named by a layer.
    var largestSerial: UInt64 {
        let covered = arrangement?.layers.flatMap { $0.coverage.map(\.serial) } ?? []
        return max(segments.map(\.serial).max() ?? 0, covered.max() ?? 0)
    }
}
