import RecordSchema

/// The table of contents of a snapshot: what it is of, how many there are of everything, and the checksums of the rest.
///
/// Where each section is and how long follows from the counts, so that nothing in the file can say otherwise.
struct SnapshotManifest: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        /// Values in all rows.
        var valueCount: Int
        /// Distinct strings, and the bytes of all of them; 0 in a column of another type.
        var stringCount = 0
        var stringBytes = 0
    }

    struct Segment: Sendable, Hashable {
        var slot: Int
        var serial: UInt64
        var rowCount: Int
        var liveRowCount: Int
        var columns: [Column]
    }

    struct Layer: Sendable, Hashable {
        var rowCount: Int
        var hasBiases: Bool
        var coverage: [CoarseLayer.Coverage]
    }

    struct Arrangement: Sendable, Hashable {
        var rotationSeed: UInt64
        var listCount: Int
        var trainedRowCount: Int
        /// `Calibration.deviation`.
        var deviation: Float
        /// Both for each of `Calibration.neighbourCounts`.
        var shareCounts: [Int]
        var recallCounts: [Int]
        var layers: [Layer]
    }

    var source: SnapshotSource
    var appliedSeq: UInt64
    var dimension: Int
    var metric: Metric
    var columns: [FilterColumn]
    var segments: [Segment]
    var arrangement: Arrangement?
    /// For each section.
    var checksums: [UInt32] = []

    var liveRowCount: Int { segments.reduce(0) { $0 + $1.liveRowCount } }
}

// MARK: Bytes

extension SnapshotManifest {
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(source.storeID)
        writer.write(source.collection)
        writer.write(source.generation)
        writer.write(source.shardIndex, as: UInt32.self)
        writer.write(source.shardCount, as: UInt32.self)
        writer.write(appliedSeq)
        writer.write(dimension, as: UInt32.self)
        writer.write(metric.code)
        writer.write(columns.count, as: UInt32.self)
        for column in columns {
            writer.write(column.name)
            writer.write(column.type.code)
            writer.write(column.isArray ? 1 : 0, as: UInt8.self)
        }
        writer.write(segments.count, as: UInt32.self)
        for segment in segments {
            writer.write(segment.slot, as: UInt32.self)
            writer.write(segment.serial)
            writer.write(segment.rowCount, as: UInt32.self)
            writer.write(segment.liveRowCount, as: UInt32.self)
            for column in segment.columns {
                writer.write(column.valueCount, as: UInt64.self)
                writer.write(column.stringCount, as: UInt32.self)
                writer.write(column.stringBytes, as: UInt64.self)
            }
        }
        writer.write(arrangement == nil ? 0 : 1, as: UInt8.self)
        if let arrangement { arrangement.encode(to: &writer) }
        writer.write(checksums.count, as: UInt32.self)
        for checksum in checksums { writer.write(checksum) }
        return writer.bytes
    }

    /// `nil`: no writer of this version makes such bytes.
    init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let storeID = reader.readText(), let collection = reader.readText(), let generation = reader.read(UInt64.self),
            let shardIndex = reader.readInt(as: UInt32.self, in: 0...Int(UInt32.max)),
            let shardCount = reader.readInt(as: UInt32.self, in: 1...Int(UInt32.max)), shardIndex < shardCount,
            let appliedSeq = reader.read(UInt64.self),
            let dimension = reader.readInt(as: UInt32.self, in: VectorIndexConfiguration.dimensionRange),
            let metric = reader.read(UInt8.self).flatMap(Metric.init(code:)),
            let columnCount = reader.readInt(as: UInt32.self, in: 0...VectorIndexConfiguration.columnCountLimit)
        else { return nil }
        source = SnapshotSource(
            storeID: storeID, collection: collection, generation: generation, shardIndex: shardIndex,
            shardCount: shardCount)
        (self.appliedSeq, self.dimension, self.metric) = (appliedSeq, dimension, metric)
        columns = []
        for _ in 0 ..< columnCount {
            guard let column = FilterColumn(&reader) else { return nil }
            columns.append(column)
        }
        segments = []
        guard let segmentCount = reader.readCount(elementBytes: 20) else { return nil }
        for _ in 0 ..< segmentCount {
            guard let segment = Segment(&reader, columnCount: columnCount) else { return nil }
            segments.append(segment)
        }
        switch reader.read(UInt8.self) {
        case 0: arrangement = nil
        case 1:
            guard let arrangement = Arrangement(&reader) else { return nil }
            self.arrangement = arrangement
        default: return nil
        }
        guard let checksumCount = reader.readCount(elementBytes: 4) else { return nil }
        for _ in 0 ..< checksumCount {
            guard let checksum = reader.read(UInt32.self) else { return nil }
            checksums.append(checksum)
        }
        guard reader.isAtEnd else { return nil }
    }
}

extension SnapshotManifest.Segment {
    /// A slot and a row are 16 bits each.
    static let slotRange = 0...0xfffe, rowCountRange = 1...0x1_0000

    fileprivate init?(_ reader: inout ByteReader, columnCount: Int) {
        guard let slot = reader.readInt(as: UInt32.self, in: Self.slotRange), let serial = reader.read(UInt64.self),
            let rowCount = reader.readInt(as: UInt32.self, in: Self.rowCountRange),
            let liveRowCount = reader.readInt(as: UInt32.self, in: 1...rowCount)
        else { return nil }
        var columns: [SnapshotManifest.Column] = []
        for _ in 0 ..< columnCount {
            guard let valueCount = reader.readInt(as: UInt64.self, in: 0...Int(UInt32.max)),
                let stringCount = reader.readInt(as: UInt32.self, in: 0...Int(UInt32.max) - 1),
                let stringBytes = reader.readInt(as: UInt64.self, in: 0...1 << 48)
            else { return nil }
            columns.append(.init(valueCount: valueCount, stringCount: stringCount, stringBytes: stringBytes))
        }
        self.init(slot: slot, serial: serial, rowCount: rowCount, liveRowCount: liveRowCount, columns: columns)
    }
}

extension SnapshotManifest.Arrangement {
    fileprivate func encode(to writer: inout ByteWriter) {
        writer.write(rotationSeed)
        writer.write(listCount, as: UInt32.self)
        writer.write(trainedRowCount, as: UInt32.self)
        writer.write(deviation.bitPattern)
        for count in shareCounts + recallCounts { writer.write(count, as: UInt32.self) }
        writer.write(layers.count, as: UInt32.self)
        for layer in layers {
            writer.write(layer.rowCount, as: UInt32.self)
            writer.write(layer.hasBiases ? 1 : 0, as: UInt8.self)
            writer.write(layer.coverage.count, as: UInt32.self)
            for item in layer.coverage {
                writer.write(item.slot, as: UInt32.self)
                writer.write(item.serial)
                writer.write(item.endRow, as: UInt32.self)
            }
        }
    }

    fileprivate init?(_ reader: inout ByteReader) {
        guard let rotationSeed = reader.read(UInt64.self),
            let listCount = reader.readInt(as: UInt32.self, in: Partitioning.listCountRange),
            let trainedRowCount = reader.readInt(as: UInt32.self, in: 1...Int(UInt32.max)),
            let deviation = reader.read(UInt32.self).map(Float.init(bitPattern:)), deviation.isFinite, deviation >= 0
        else { return nil }
        var shareCounts: [Int] = []
        for _ in Calibration.neighbourCounts {
            guard let count = reader.readInt(as: UInt32.self, in: 0...Int(Int32.max)) else { return nil }
            shareCounts.append(count)
        }
        var recallCounts: [Int] = []
        for _ in Calibration.neighbourCounts {
            guard let count = reader.readInt(as: UInt32.self, in: 0...Calibration.targets.count),
                count == 0 || count == Calibration.targets.count
            else { return nil }
            recallCounts.append(count)
        }
        guard let layerCount = reader.readCount(elementBytes: 9) else { return nil }
        var layers: [SnapshotManifest.Layer] = []
        for _ in 0 ..< layerCount {
            guard let layer = SnapshotManifest.Layer(&reader) else { return nil }
            layers.append(layer)
        }
        self.init(
            rotationSeed: rotationSeed, listCount: listCount, trainedRowCount: trainedRowCount, deviation: deviation,
            shareCounts: shareCounts, recallCounts: recallCounts, layers: layers)
    }
}

extension SnapshotManifest.Layer {
    fileprivate init?(_ reader: inout ByteReader) {
        guard let rowCount = reader.readInt(as: UInt32.self, in: 0...Int(UInt32.max) - 64),
            let hasBiases = reader.readInt(as: UInt8.self, in: 0...1), let count = reader.readCount(elementBytes: 16)
        else { return nil }
        var coverage: [CoarseLayer.Coverage] = []
        for _ in 0 ..< count {
            guard let slot = reader.readInt(as: UInt32.self, in: SnapshotManifest.Segment.slotRange),
                let serial = reader.read(UInt64.self),
                let endRow = reader.readInt(as: UInt32.self, in: SnapshotManifest.Segment.rowCountRange)
            else { return nil }
            coverage.append(.init(slot: slot, serial: serial, endRow: endRow))
        }
        self.init(rowCount: rowCount, hasBiases: hasBiases == 1, coverage: coverage)
    }
}

extension Metric {
    fileprivate var code: UInt8 {
        switch self {
        case .cosine: 0
        case .dot: 1
        case .euclidean: 2
        }
    }

    fileprivate init?(code: UInt8) {
        guard let metric = Metric.allCases.first(where: { $0.code == code }) else { return nil }
        self = metric
    }
}

extension FilterType {
    /// Of one value as `ColumnView` holds it.
    var elementBytes: Int {
        switch self {
        case .string: MemoryLayout<UInt32>.size
        case .number: MemoryLayout<Double>.size
        case .timestamp: MemoryLayout<Int64>.size
        case .boolean: MemoryLayout<UInt8>.size
        }
    }

    fileprivate var code: UInt8 {
        switch self {
        case .string: 0
        case .number: 1
        case .timestamp: 2
        case .boolean: 3
        }
    }
}

extension FilterColumn {
    fileprivate init?(_ reader: inout ByteReader) {
        guard let name = reader.readText(), let code = reader.read(UInt8.self),
            let type = FilterType.allCases.first(where: { $0.code == code }),
            let isArray = reader.readInt(as: UInt8.self, in: 0...1)
        else { return nil }
        self.init(name: name, type: type, isArray: isArray == 1)
    }
}
