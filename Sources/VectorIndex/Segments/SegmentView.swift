/// A segment as the searches that began after one publication see it: never changes.
///
/// Its rows are read where the applier wrote them, since it never writes a published row again. What lies beyond
/// `rowCount` may be being written, and no search reads it.
final class SegmentView: Sendable {
    /// The segment's place in the applier's list, and what tells it from others that had the place before.
    let slot: Int
    let serial: UInt64
    let rowCount: Int
    let codes: RowBuffers
    let ids: SharedBuffer<UInt64>
    /// Bit `row` is set while the row is neither replaced nor deleted; whole words, with zeros past `rowCount`.
    let live: SharedBuffer<UInt64>
    let liveRowCount: Int
    let columns: [ColumnView]

    init(
        slot: Int, serial: UInt64, rowCount: Int, codes: RowBuffers, ids: SharedBuffer<UInt64>, live: SharedBuffer<UInt64>,
        liveRowCount: Int, columns: [ColumnView]
    ) {
        self.slot = slot
        self.serial = serial
        self.rowCount = rowCount
        self.codes = codes
        self.ids = ids
        self.live = live
        self.liveRowCount = liveRowCount
        self.columns = columns
    }

    /// Words of `live`: one for each 64 rows begun.
    var wordCount: Int { live.capacity }

    @inline(__always)
    func isLive(_ row: Int) -> Bool { live[row / 64] >> UInt64(row % 64) & 1 == 1 }
}

/// What a search through lists reads of a segment, row by row: plain addresses, for following references and counting
/// them would cost more than the reading. Valid while the view that it is of lives.
@safe struct SegmentAccess: @unchecked Sendable {
    // Memory of the segment's buffers, which nobody writes.
    let live: UnsafePointer<UInt64>
    let codes: UnsafePointer<UInt8>
    let scales: UnsafePointer<Float>
    let norms: UnsafePointer<Float>?

    init(_ segment: SegmentView) {
        unsafe live = UnsafePointer(segment.live.base)
        unsafe codes = UnsafePointer(segment.codes.codes.base)
        unsafe scales = UnsafePointer(segment.codes.scales.base)
        unsafe norms = segment.codes.norms.map { unsafe UnsafePointer($0.base) }
    }

    @inline(__always)
    func isLive(_ row: Int) -> Bool { unsafe live[row / 64] >> UInt64(row % 64) & 1 == 1 }
}
