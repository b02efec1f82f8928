/// A run of numbers in a snapshot; proto-docs/snapshot.md has them in the order of the file.
public enum SnapshotPart: String, Sendable, Hashable {
    case header, manifest
    /// Of a segment.
    case codes, scales, norms, ids, live, values, ends, strings, stringEnds
    /// Of the arrangement.
    case centroidCodes, centroidScales, centroidNorms, spreads, shares, recalls
    /// Of a layer.
    case starts, coarseCodes, factors, errors, biases, places
}

/// Why a snapshot was not written, or not read. An index that was to be read is then to be built from the feed.
public enum SnapshotError: Error, Hashable {
    public enum SystemCall: String, Sendable, Hashable {
        case open, stat, allocate, write, read, sync, rename
    }

    /// `code` is the call's errno.
    case system(SystemCall, code: Int32)
    /// It does not begin as one.
    case notASnapshot
    /// Written by a machine of the other byte order.
    case foreignByteOrder
    /// Another version of the format, older or newer, is not read: the feed has the rows.
    case unknownVersion(UInt32)
    /// Cut short, or longer than what was written.
    case wrongSize(expectedBytes: UInt64, foundBytes: UInt64)
    /// The bytes are not those that were written. `index` is that of the segment or layer.
    case damaged(SnapshotPart, index: Int)
    /// The bytes are those that were written, but no writer of this version makes them: another program's, or an
    /// error in one.
    case contradictory(SnapshotPart, index: Int)
    /// Vectors of another dimension or metric, or other columns.
    case otherShape
    /// More rows than the index may hold.
    case tooManyRows(rowCount: Int, rowLimit: Int)
    /// Whoever asked for it did not want it any more.
    case cancelled

    /// Whether the file is of no more use to anybody, whatever the circumstances.
    public var isFaultOfTheFile: Bool {
        switch self {
        case .notASnapshot, .foreignByteOrder, .unknownVersion, .wrongSize, .damaged, .contradictory: true
        case .system, .otherShape, .tooManyRows, .cancelled: false
        }
    }
}
