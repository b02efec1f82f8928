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
    let live: [UInt64]
    let liveRowCount: Int
    let columns: [ColumnView]

    init(
        slot: Int, serial: UInt64, rowCount: Int, codes: RowBuffers, ids: SharedBuffer<UInt64>, live: [UInt64],
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

    @inline(__always)
    func isLive(_ row: Int) -> Bool { live[row / 64] >> UInt64(row % 64) & 1 == 1 }
}
