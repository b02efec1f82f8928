import Glibc

/// Writes what a view shows to a file that is either whole or not there: under another name first, and renamed when it
/// is on disk.
struct SnapshotWriter {
    /// What the name of an unfinished file ends with.
    static let unfinishedSuffix = ".partial"
    /// Bytes between two looks at whether it is still wanted.
    private static let chunkBytes = 4 << 20
    /// Bytes after which they are put on disk: all at the end would make others wait for the disk for long.
    private static let syncBytes: UInt64 = 64 << 20

    let path: String
    let isCancelled: () -> Bool

    /// Returns the bytes of the file.
    func write(_ view: IndexView, manifest: SnapshotManifest, configuration: VectorIndexConfiguration) throws(SnapshotError) -> Int {
        let content = SnapshotContent(view)
        var manifest = manifest
        let sections = content.sections(manifest)
        // Of the right length, so that the size is known before the checksums are.
        manifest.checksums = Array(repeating: 0, count: sections.count)
        let manifestBytes = manifest.encoded.count
        let sectionBytes = sections.reduce(0) { $0 + $1.byteCount }
        let fileBytes = SnapshotHeader.byteCount + sectionBytes + manifestBytes
        let unfinished = path + Self.unfinishedSuffix
        do throws(SnapshotError) {
            let file = try FileDescriptor(opening: unfinished, O_WRONLY | O_CREAT | O_TRUNC)
            try file.allocate(UInt64(fileBytes))
            manifest.checksums = try write(sections, to: file)
            let encoded = manifest.encoded
            try file.write(encoded, at: UInt64(SnapshotHeader.byteCount + sectionBytes))
            let header = SnapshotHeader(
                fileBytes: UInt64(fileBytes), manifestBytes: UInt64(manifestBytes), manifestChecksum: Checksum.best(encoded))
            try file.write(header.encoded, at: 0)
            try file.sync()
            try FileDescriptor.move(unfinished, to: path)
        } catch {
            FileDescriptor.remove(unfinished)
            throw error
        }
        // The sections are of its memory.
        withExtendedLifetime(content) {}
        return fileBytes
    }

    /// Returns the sections' checksums.
    private func write(_ sections: [SnapshotSection], to file: borrowing FileDescriptor) throws(SnapshotError) -> [UInt32] {
        var offset = UInt64(SnapshotHeader.byteCount), syncedTo = offset
        var checksums: [UInt32] = []
        for section in sections {
            var checksum: UInt32 = 0
            for start in stride(from: 0, to: section.byteCount, by: Self.chunkBytes) {
                guard !isCancelled() else { throw .cancelled }
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: section.memory + start, count: min(Self.chunkBytes, section.byteCount - start))
                checksum = unsafe Checksum.best.extended(checksum, by: bytes)
                unsafe try file.write(bytes, at: offset)
                offset += UInt64(bytes.count)
                if offset - syncedTo >= Self.syncBytes {
                    try file.sync()
                    syncedTo = offset
                }
            }
            checksums.append(checksum)
        }
        return checksums
    }
}

extension SnapshotManifest {
    /// Counts what a view shows.
    init(_ view: IndexView, source: SnapshotSource, appliedSeq: UInt64, configuration: VectorIndexConfiguration) {
        self.init(
            source: source, appliedSeq: appliedSeq, dimension: configuration.dimension, metric: configuration.metric,
            columns: configuration.columns,
            segments: view.segments.map { segment in
                Segment(
                    slot: segment.slot, serial: segment.serial, rowCount: segment.rowCount,
                    liveRowCount: segment.liveRowCount, columns: segment.columns.map { $0.counts(rowCount: segment.rowCount) })
            },
            arrangement: view.arrangement.map { Arrangement($0.arrangement) })
    }
}

extension SnapshotManifest.Arrangement {
    fileprivate init(_ arrangement: Arrangement) {
        self.init(
            rotationSeed: Rotation.seed, listCount: arrangement.partitioning.listCount,
            trainedRowCount: arrangement.partitioning.trainedRowCount, deviation: arrangement.calibration.deviation,
            shareCounts: arrangement.calibration.visitedShares.map(\.count),
            recallCounts: arrangement.calibration.measuredRecalls.map(\.count),
            layers: arrangement.layers.map { layer in
                .init(rowCount: layer.rowCount, hasBiases: layer.biases != nil, coverage: layer.coverage)
            })
    }
}
