/// A segment as the searches that began after one publication see it: never changes.
///
/// Whole blocks are read where the applier wrote them, since it writes a block no more once it is full. The last block
/// may be partly filled and will be written again, so a view has a copy of its own of that one, made at publication:
/// no search reads memory that is being written.
final class SegmentView: Sendable {
    let rowCount: Int
    /// Blocks in `codes`; a further one is in `openBlock` if rows are left over.
    let wholeBlockCount: Int
    let codes: BlockBuffers
    let openBlock: BlockBuffers?
    let ids: SharedBuffer<UInt64>
    /// Bit `row` is set while the row is neither replaced nor deleted; whole words, with zeros past `rowCount`.
    let live: [UInt64]
    let liveRowCount: Int
    let columns: [ColumnView]

    init(
        rowCount: Int, wholeBlockCount: Int, codes: BlockBuffers, openBlock: BlockBuffers?,
        ids: SharedBuffer<UInt64>, live: [UInt64], liveRowCount: Int, columns: [ColumnView]
    ) {
        self.rowCount = rowCount
        self.wholeBlockCount = wholeBlockCount
        self.codes = codes
        self.openBlock = openBlock
        self.ids = ids
        self.live = live
        self.liveRowCount = liveRowCount
        self.columns = columns
    }

    /// The buffers that hold `row`, and its index in them.
    func place(ofRow row: Int) -> (buffers: BlockBuffers, row: Int) {
        let firstOpenRow = wholeBlockCount * BlockBuffers.blockRowCount
        guard row >= firstOpenRow, let openBlock else { return (codes, row) }
        return (openBlock, row - firstOpenRow)
    }
}
