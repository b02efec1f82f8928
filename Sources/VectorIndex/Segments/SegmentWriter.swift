import RecordSchema

/// The applier's side of one segment: rows are appended until it is sealed, and die one by one.
final class SegmentWriter {
    private static let initialRowCapacity = 64

    let slot: Int
    /// Differs from those of all other segments of the index, those included that had the slot before.
    let serial: UInt64
    private(set) var rowCount = 0
    private(set) var liveRowCount = 0
    private(set) var isSealed = false
    private let rowLimit: Int
    private var buffers: RowBuffers
    private var ids: AppendBuffer<UInt64>
    private var live: [UInt64] = []
    private var columns: [ColumnWriter]
    /// What was published last; nil when the segment has changed since.
    private var published: SegmentView?

    init(slot: Int, serial: UInt64, configuration: VectorIndexConfiguration) {
        self.slot = slot
        self.serial = serial
        rowLimit = configuration.segmentRowLimit
        buffers = RowBuffers(
            rowStride: configuration.rowStride, hasNorms: configuration.metric == .euclidean,
            rowCapacity: min(Self.initialRowCapacity, rowLimit))
        ids = AppendBuffer(capacity: buffers.rowCapacity)
        columns = configuration.columns.map(ColumnWriter.init)
    }

    /// Goes on with a segment of a snapshot.
    init(restoring view: SegmentView, isTail: Bool, configuration: VectorIndexConfiguration) {
        slot = view.slot
        serial = view.serial
        rowCount = view.rowCount
        liveRowCount = view.liveRowCount
        isSealed = !isTail
        rowLimit = configuration.segmentRowLimit
        buffers = view.codes
        ids = AppendBuffer(view.ids, count: view.rowCount)
        live = (0 ..< view.wordCount).map { view.live[$0] }
        columns = view.columns.map { ColumnWriter(restoring: $0, rowCount: view.rowCount, isSealed: !isTail) }
        published = view
    }

    var deadRowCount: Int { rowCount - liveRowCount }
    var codeBytes: Int { buffers.allocatedBytes }
    var idBytes: Int { ids.storage.allocatedBytes }
    /// The columns and the liveness bits.
    var columnBytes: Int {
        columns.reduce(live.capacity * MemoryLayout<UInt64>.size) { $0 + $1.allocatedBytes }
    }

    /// Whether a row could be appended only after growing, or not at all.
    var isAtCapacity: Bool { rowCount == buffers.rowCapacity }
    var isFull: Bool { rowCount == rowLimit }

    func id(ofRow row: Int) -> UInt64 { ids.storage[row] }

    func isLive(_ row: Int) -> Bool { live[row / 64] >> UInt64(row % 64) & 1 == 1 }

    /// Appends a row of a checked batch, without its columns: those follow in `appendColumns`, before publication.
    func append(id: UInt64, vector: UnsafeBufferPointer<Float>, encoder: inout RowEncoder) -> Int {
        let row = beginRow(id: id)
        unsafe encoder.encode(vector, into: buffers, row: row)
        return row
    }

    /// Appends rows of a checked batch to every column. `valueIndices` has, for each column, where the values of the
    /// first of `rows` begin, and afterwards those of the row after the last.
    func appendColumns(_ batches: [ColumnBatch], rows: Range<Int>, valueIndices: inout [Int]) {
        for column in columns.indices {
            valueIndices[column] = columns[column].append(
                batches[column], rows: rows, valueIndex: valueIndices[column])
        }
    }

    /// Appends row `row` of another segment of this index with its columns.
    func append(row: Int, of other: SegmentWriter) -> Int {
        let target = beginRow(id: other.id(ofRow: row))
        buffers.copy(row: row, of: other.buffers, to: target)
        for column in columns.indices { columns[column].append(row: row, of: other.columns[column].view) }
        return target
    }

    private func beginRow(id: UInt64) -> Int {
        precondition(!isSealed && !isFull, "rows are appended to an open segment")
        if isAtCapacity {
            // A large tail grows by a quarter: half of it empty would be much, and rows are copied no more than four times.
            let capacity = buffers.rowCapacity
            let added = capacity < 4_096 ? capacity : capacity / 4 / 64 * 64
            buffers = buffers.grown(to: min(capacity + added, rowLimit), copying: rowCount)
        }
        let row = rowCount
        ids.append(id)
        if row % 64 == 0 { live.append(0) }
        live[row / 64] |= 1 << UInt64(row % 64)
        rowCount += 1
        liveRowCount += 1
        published = nil
        return row
    }

    /// Clears the bit of a live row.
    func kill(_ row: Int) {
        precondition(isLive(row), "a row dies once")
        live[row / 64] &= ~(1 << UInt64(row % 64))
        liveRowCount -= 1
        published = nil
    }

    /// No row is appended any more.
    func seal() {
        isSealed = true
        for column in columns { column.seal() }
    }

    /// The segment as it is now, for searches.
    func publish() -> SegmentView {
        if let published { return published }
        // A copy: were the bits shared, the next change would have to find out whether a search still reads them.
        let liveBits = SharedBuffer<UInt64>(capacity: live.count)
        for (index, word) in live.enumerated() { unsafe liveBits.base[index] = word }
        let view = SegmentView(
            slot: slot, serial: serial, rowCount: rowCount, codes: buffers,
            ids: ids.storage, live: liveBits, liveRowCount: liveRowCount, columns: columns.map(\.view))
        published = view
        return view
    }
}
