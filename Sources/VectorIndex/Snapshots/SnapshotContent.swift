import RecordSchema

/// The memory that a snapshot is written from or read to.
struct SnapshotContent: Sendable {
    struct Arrangement: Sendable {
        let listCount: Int
        let trainedRowCount: Int
        let deviation: Float
        let centroids: RowBuffers
        let spreads: SharedBuffer<Float>
        /// Both for each of `Calibration.neighbourCounts`.
        let shares: [SharedBuffer<Float>]
        let recalls: [SharedBuffer<Float>]
        let layers: [CoarseLayer]
    }

    let segments: [SegmentView]
    let arrangement: Arrangement?

    /// What a view shows, which never changes.
    init(_ view: IndexView) {
        segments = view.segments
        arrangement = view.arrangement.map { Arrangement($0.arrangement) }
    }

    /// Zeroed memory for what a manifest counts.
    init(allocating manifest: SnapshotManifest, configuration: VectorIndexConfiguration) {
        segments = manifest.segments.map { SegmentView(allocating: $0, configuration: configuration) }
        arrangement = manifest.arrangement.map { Arrangement(allocating: $0, configuration: configuration) }
    }
}

extension SnapshotContent.Arrangement {
    fileprivate init(_ arrangement: Arrangement) {
        let partitioning = arrangement.partitioning
        self.init(
            listCount: partitioning.listCount, trainedRowCount: partitioning.trainedRowCount,
            deviation: arrangement.calibration.deviation, centroids: partitioning.centroids, spreads: SharedBuffer(partitioning.spreads),
            shares: arrangement.calibration.visitedShares.map { SharedBuffer($0) },
            recalls: arrangement.calibration.measuredRecalls.map { SharedBuffer($0) }, layers: arrangement.layers)
    }

    fileprivate init(allocating manifest: SnapshotManifest.Arrangement, configuration: VectorIndexConfiguration) {
        let byteCount = Rotation(dimension: configuration.dimension).byteCount
        self.init(
            listCount: manifest.listCount, trainedRowCount: manifest.trainedRowCount, deviation: manifest.deviation,
            centroids: RowBuffers(
                rowStride: configuration.rowStride, hasNorms: true,
                rowCapacity: RowBuffers.wholeBlocks(manifest.listCount)),
            spreads: SharedBuffer(capacity: manifest.listCount),
            shares: manifest.shareCounts.map { SharedBuffer(capacity: $0) },
            recalls: manifest.recallCounts.map { SharedBuffer(capacity: $0) },
            layers: manifest.layers.map { layer in
                CoarseLayer(
                    coverage: layer.coverage, rowCount: layer.rowCount, listCount: manifest.listCount,
                    byteCount: byteCount, hasBiases: layer.hasBiases)
            })
    }

    /// What searches use, once all is there.
    func made(dimension: Int) -> Arrangement {
        let partitioning = Partitioning(
            rotation: Rotation(dimension: dimension), centroids: centroids, listCount: listCount,
            spreads: spreads.elements, trainedRowCount: trainedRowCount)
        let calibration = Calibration(
            visitedShares: shares.map(\.elements), deviation: deviation, measuredRecalls: recalls.map(\.elements))
        return Arrangement(serial: 1, partitioning: partitioning, calibration: calibration, layers: layers)
    }
}

extension SegmentView {
    fileprivate convenience init(allocating manifest: SnapshotManifest.Segment, configuration: VectorIndexConfiguration) {
        self.init(
            slot: manifest.slot, serial: manifest.serial, rowCount: manifest.rowCount,
            codes: RowBuffers(
                rowStride: configuration.rowStride, hasNorms: configuration.metric == .euclidean,
                rowCapacity: RowBuffers.wholeBlocks(manifest.rowCount)),
            ids: SharedBuffer(capacity: manifest.rowCount), live: SharedBuffer(capacity: (manifest.rowCount + 63) / 64),
            liveRowCount: manifest.liveRowCount,
            columns: zip(manifest.columns, configuration.columns).map { counts, column in
                ColumnView(allocating: counts, rowCount: manifest.rowCount, column: column)
            })
    }
}

extension ColumnView {
    fileprivate init(allocating counts: SnapshotManifest.Column, rowCount: Int, column: FilterColumn) {
        func values<Element: ColumnElement>() -> ValuesView<Element> {
            ValuesView(
                values: SharedBuffer(capacity: counts.valueCount),
                ends: column.isArray ? SharedBuffer(capacity: rowCount) : nil)
        }
        self = switch column.type {
        case .string:
            .strings(
                values(),
                StringDictionaryView(
                    bytes: SharedBuffer(capacity: counts.stringBytes), ends: SharedBuffer(capacity: counts.stringCount),
                    count: counts.stringCount))
        case .number: .numbers(values())
        case .timestamp: .timestamps(values())
        case .boolean: .booleans(values())
        }
    }

    /// How much of the column there is in a segment's first `rowCount` rows.
    func counts(rowCount: Int) -> SnapshotManifest.Column {
        switch self {
        case .strings(let values, let dictionary):
            let stringBytes = dictionary.count == 0 ? 0 : Int(dictionary.ends[dictionary.count - 1])
            return .init(
                valueCount: values.valueRange(ofRow: rowCount - 1).upperBound, stringCount: dictionary.count,
                stringBytes: stringBytes)
        case .numbers(let values): return .init(valueCount: values.valueRange(ofRow: rowCount - 1).upperBound)
        case .timestamps(let values): return .init(valueCount: values.valueRange(ofRow: rowCount - 1).upperBound)
        case .booleans(let values): return .init(valueCount: values.valueRange(ofRow: rowCount - 1).upperBound)
        }
    }
}

extension RowBuffers {
    /// The rows that buffers for `rowCount` have room for.
    fileprivate static func wholeBlocks(_ rowCount: Int) -> Int {
        (rowCount + blockRowCount - 1) / blockRowCount * blockRowCount
    }
}

extension SharedBuffer {
    fileprivate convenience init(_ elements: [Element]) {
        self.init(capacity: elements.count)
        for (index, element) in elements.enumerated() { unsafe base[index] = element }
    }

    fileprivate var elements: [Element] { (0 ..< capacity).map { self[$0] } }
}
