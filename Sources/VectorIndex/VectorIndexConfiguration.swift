public import RecordSchema

/// What never changes in the life of an index.
public struct VectorIndexConfiguration: Sendable, Hashable {
    /// Components of every vector.
    public static let dimensionRange = 1...4_096
    /// Filterable columns of one collection.
    public static let columnCountLimit = 256
    /// What `rowLimit` may be: a row's place is 32 bits, and rows that wait to be moved need places too.
    public static let rowLimitRange = 1...1_000_000_000

    public let dimension: Int
    public let metric: Metric
    /// The order is the layout of `RowBatch.columns`.
    public let columns: [FilterColumn]
    /// Live rows at most; one more is refused with `IndexError.full`.
    public let rowLimit: Int

    /// Fails with `IndexError.invalidConfiguration` for a value outside the ranges above or two columns of one name.
    public init(
        dimension: Int, metric: Metric, columns: [FilterColumn] = [], rowLimit: Int = 100_000_000
    ) throws(IndexError) {
        guard Self.dimensionRange.contains(dimension) else {
            throw .invalidConfiguration(.dimension(dimension))
        }
        guard Self.rowLimitRange.contains(rowLimit) else { throw .invalidConfiguration(.rowLimit(rowLimit)) }
        guard columns.count <= Self.columnCountLimit else {
            throw .invalidConfiguration(.columnCount(columns.count))
        }
        guard Set(columns.map(\.name)).count == columns.count else {
            throw .invalidConfiguration(.duplicateColumnName)
        }
        self.dimension = dimension
        self.metric = metric
        self.columns = columns
        self.rowLimit = rowLimit
    }

    /// Memory for one live row in the steady state: codes, scale, id, its share of the id map, and columns; not what it
    /// takes in a list, which is in `arrangedBytesPerRow`.
    ///
    /// An array column is counted with one value a row, and the distinct strings of a column come on top. The last
    /// segment, of 65,536 rows at most, has room for up to twice its rows. While rows are replaced, up to a third more
    /// is held until the dead ones are squeezed out.
    public var bytesPerRow: Int {
        let columnBytes = columns.reduce(0) { sum, column in
            let valueBytes = switch column.type {
            case .string: MemoryLayout<UInt32>.size
            case .number: MemoryLayout<Double>.size
            case .timestamp: MemoryLayout<Int64>.size
            case .boolean: MemoryLayout<UInt8>.size
            }
            return sum + valueBytes + (column.isArray ? MemoryLayout<UInt32>.size : 0)
        }
        return rowStride + rowOverheadBytes + RowMap.bytesPerRow + columnBytes
    }

    /// Bytes of one row's codes: a byte a component, in whole groups of sixteen.
    var rowStride: Int { (dimension + 15) / 16 * 16 }

    /// The id, the scale, for `euclidean` the squared norm, and a byte for the row's liveness bits.
    private var rowOverheadBytes: Int {
        MemoryLayout<UInt64>.size + MemoryLayout<Float>.size
            + (metric == .euclidean ? MemoryLayout<Float>.size : 0) + 1
    }

    /// Rows at which a segment is full: 65,536, fewer for long vectors so that a segment stays near 32 MiB and the
    /// copy of a growing tail stays short. A multiple of 64, so that bitmaps end on whole words.
    var segmentRowLimit: Int {
        max(1_024, min(65_536, (32 << 20) / rowStride / 64 * 64))
    }
}
