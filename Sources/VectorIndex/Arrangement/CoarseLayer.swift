import CKernels

/// Rows of some segments sorted into the lists of a partitioning, with their coarse codes. Immutable once it is made.
///
/// The codes of one list follow those of the list before without a gap, so a layer of any size has no waste: a list's
/// first and last block hold rows of its neighbours too, which the kernel leaves out.
final class CoarseLayer: Sendable {
    /// What is in a layer of one segment: its first rows, or those after the rows of an earlier layer.
    struct Coverage: Sendable, Hashable {
        var slot: Int
        var serial: UInt64
        /// The rows before `endRow` are in this layer or an earlier one.
        var endRow: Int
    }

    let coverage: [Coverage]
    let rowCount: Int
    /// List `list` has rows `starts[list] ..< starts[list + 1]`.
    let starts: SharedBuffer<UInt32>
    let byteCount: Int
    let codes: SharedBuffer<UInt8>
    let factors: SharedBuffer<Float>
    let errors: SharedBuffer<Float>
    /// For `euclidean` minus half of each row's squared norm.
    let biases: SharedBuffer<Float>?
    /// Where each row is: `slot << 16 | row`.
    let places: SharedBuffer<UInt32>

    init(coverage: [Coverage], rowCount: Int, listCount: Int, byteCount: Int, hasBiases: Bool) {
        self.coverage = coverage
        self.rowCount = rowCount
        self.byteCount = byteCount
        let capacity = (rowCount + KZ_COARSE_BLOCK_ROWS - 1) / KZ_COARSE_BLOCK_ROWS * KZ_COARSE_BLOCK_ROWS
        starts = SharedBuffer(capacity: listCount + 1)
        codes = SharedBuffer(capacity: capacity * byteCount)
        factors = SharedBuffer(capacity: capacity)
        errors = SharedBuffer(capacity: capacity)
        biases = hasBiases ? SharedBuffer(capacity: capacity) : nil
        places = SharedBuffer(capacity: rowCount)
    }

    var allocatedBytes: Int {
        starts.allocatedBytes + codes.allocatedBytes + factors.allocatedBytes + errors.allocatedBytes
            + (biases?.allocatedBytes ?? 0) + places.allocatedBytes
    }

    /// Memory for one row, whatever the list.
    static func bytesPerRow(byteCount: Int, hasBiases: Bool) -> Int {
        byteCount + 2 * MemoryLayout<Float>.size + (hasBiases ? MemoryLayout<Float>.size : 0) + MemoryLayout<UInt32>.size
    }

    /// Where the first byte of a row's coarse code is; the next is a block's width further on.
    func code(ofRow row: Int) -> UnsafeMutablePointer<UInt8> {
        let block = row / KZ_COARSE_BLOCK_ROWS
        precondition(row >= 0 && row < rowCount, "a row that there is")
        return unsafe codes.base + block * byteCount * KZ_COARSE_BLOCK_ROWS + row % KZ_COARSE_BLOCK_ROWS
    }

    /// Copies row `row` of another layer of the same partitioning. Called while the layer is made.
    func copy(row: Int, of other: CoarseLayer, to target: Int) {
        let from = unsafe other.code(ofRow: row), to = unsafe code(ofRow: target)
        for byte in 0 ..< byteCount { unsafe to[byte * KZ_COARSE_BLOCK_ROWS] = from[byte * KZ_COARSE_BLOCK_ROWS] }
        unsafe factors.base[target] = other.factors[row]
        unsafe errors.base[target] = other.errors[row]
        if let biases, let otherBiases = other.biases { unsafe biases.base[target] = otherBiases[row] }
        unsafe places.base[target] = other.places[row]
    }
}
