import CKernels
import RecordSchema

/// A run of bytes of a snapshot, and where it is in memory: valid while the content that it is of lives.
@safe struct SnapshotSection: @unchecked Sendable {
    // Memory of the content's buffers: only read by a writer of snapshots; of a reader's threads each writes its own
    // sections, before anybody else knows of the memory.
    let memory: UnsafeMutableRawPointer
    let byteCount: Int
    let part: SnapshotPart
    /// Of the segment or layer.
    let index: Int

    /// A longer run is cut into sections of this size, each with a checksum, for threads to share.
    static let byteLimit = 32 << 20
}

extension SnapshotContent {
    /// The sections, in the order of the file and with nothing between them.
    ///
    /// - Parameter manifest: Counts what is here.
    func sections(_ manifest: SnapshotManifest) -> [SnapshotSection] {
        var list = SectionList()
        for (index, (segment, counts)) in zip(segments, manifest.segments).enumerated() {
            list.append(segment, counts: counts, index: index)
        }
        guard let arrangement else { return list.sections }
        let centroids = arrangement.centroids, listCount = arrangement.listCount
        list.append(.centroidCodes, 0, centroids.codes, count: listCount * centroids.rowStride)
        list.append(.centroidScales, 0, centroids.scales, count: listCount)
        list.append(.centroidNorms, 0, centroids.norms, count: listCount)
        list.append(.spreads, 0, arrangement.spreads, count: listCount)
        for (index, shares) in arrangement.shares.enumerated() {
            list.append(.shares, index, shares, count: shares.capacity)
        }
        for (index, recalls) in arrangement.recalls.enumerated() {
            list.append(.recalls, index, recalls, count: recalls.capacity)
        }
        for (index, layer) in arrangement.layers.enumerated() {
            list.append(.starts, index, layer.starts, count: listCount + 1)
            // The last block whole: the bytes of one row are not next to each other.
            list.append(.coarseCodes, index, layer.codes, count: layer.codes.capacity)
            list.append(.factors, index, layer.factors, count: layer.rowCount)
            list.append(.errors, index, layer.errors, count: layer.rowCount)
            list.append(.biases, index, layer.biases, count: layer.rowCount)
            list.append(.places, index, layer.places, count: layer.rowCount)
        }
        return list.sections
    }
}

private struct SectionList {
    private(set) var sections: [SnapshotSection] = []

    /// Nothing where there is no buffer.
    mutating func append<Element>(_ part: SnapshotPart, _ index: Int, _ buffer: SharedBuffer<Element>?, count: Int) {
        guard let buffer else { return }
        precondition(count <= buffer.capacity, "a count that the buffer has")
        let byteCount = count * MemoryLayout<Element>.stride, byteLimit = SnapshotSection.byteLimit
        for start in stride(from: 0, to: byteCount, by: byteLimit) {
            unsafe sections.append(
                SnapshotSection(
                    memory: UnsafeMutableRawPointer(buffer.base) + start, byteCount: min(byteLimit, byteCount - start),
                    part: part, index: index))
        }
    }

    mutating func append(_ segment: SegmentView, counts: SnapshotManifest.Segment, index: Int) {
        let rowCount = segment.rowCount
        append(.codes, index, segment.codes.codes, count: rowCount * segment.codes.rowStride)
        append(.scales, index, segment.codes.scales, count: rowCount)
        append(.norms, index, segment.codes.norms, count: rowCount)
        append(.ids, index, segment.ids, count: rowCount)
        append(.live, index, segment.live, count: segment.wordCount)
        for (column, counts) in zip(segment.columns, counts.columns) {
            switch column {
            case .strings(let values, let dictionary):
                append(values, counts, rowCount: rowCount, index: index)
                append(.strings, index, dictionary.bytes, count: counts.stringBytes)
                append(.stringEnds, index, dictionary.ends, count: counts.stringCount)
            case .numbers(let values): append(values, counts, rowCount: rowCount, index: index)
            case .timestamps(let values): append(values, counts, rowCount: rowCount, index: index)
            case .booleans(let values): append(values, counts, rowCount: rowCount, index: index)
            }
        }
    }

    private mutating func append<Element>(
        _ values: ValuesView<Element>, _ counts: SnapshotManifest.Column, rowCount: Int, index: Int
    ) {
        append(.values, index, values.values, count: counts.valueCount)
        append(.ends, index, values.ends, count: rowCount)
    }
}

extension SnapshotManifest {
    /// Bytes of all sections of `configuration`, without making room for them; `nil`: more than there are.
    func sectionBytes(_ configuration: VectorIndexConfiguration) -> UInt64? {
        var sum = ByteSum()
        for segment in segments {
            sum.add(segment.rowCount, configuration.rowStride + 4 + (metric == .euclidean ? 4 : 0) + 8)
            sum.add((segment.rowCount + 63) / 64, 8)
            for (counts, column) in zip(segment.columns, columns) {
                sum.add(counts.valueCount, column.type.elementBytes)
                if column.isArray { sum.add(segment.rowCount, 4) }
                sum.add(counts.stringCount, 8)
                sum.add(counts.stringBytes, 1)
            }
        }
        if let arrangement {
            sum.add(arrangement.listCount, configuration.rowStride + 12)
            for count in arrangement.shareCounts + arrangement.recallCounts { sum.add(count, 4) }
            for layer in arrangement.layers {
                sum.add(arrangement.listCount + 1, 4)
                let blockRows = KZ_COARSE_BLOCK_ROWS, blockCount = (layer.rowCount + blockRows - 1) / blockRows
                sum.add(blockCount * blockRows, Rotation(dimension: dimension).byteCount)
                sum.add(layer.rowCount, layer.hasBiases ? 16 : 12)
            }
        }
        return sum.value
    }
}

/// A sum of products, none negative, that may be too large.
private struct ByteSum {
    var value: UInt64? = 0

    mutating func add(_ count: Int, _ elementBytes: Int) {
        let (product, isTooLarge) = UInt64(count).multipliedReportingOverflow(by: UInt64(elementBytes))
        guard let earlier = value, !isTooLarge else { return value = nil }
        let (sum, isSumTooLarge) = earlier.addingReportingOverflow(product)
        value = isSumTooLarge ? nil : sum
    }
}
