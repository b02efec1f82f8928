import CKernels

/// The codes of rows, one after the other as scan.h says, with a scale and for `euclidean` a squared norm for each row.
///
/// The row with codes c stands for the vector `scale × c`. Symmetric int8, one scale a row, zero point 0: Jacob et al.
/// 2018, arXiv:1712.05877 §2.1.
struct RowBuffers: Sendable {
    static let blockRowCount = KZ_SCAN_BLOCK_ROWS

    /// Bytes from one row to the next.
    let rowStride: Int
    let codes: SharedBuffer<UInt8>
    let scales: SharedBuffer<Float>
    /// Squared norms of `scale × c`.
    let norms: SharedBuffer<Float>?

    init(rowStride: Int, hasNorms: Bool, rowCapacity: Int) {
        precondition(rowCapacity % Self.blockRowCount == 0 && rowStride % 16 == 0, "whole blocks of whole registers")
        self.rowStride = rowStride
        codes = SharedBuffer(capacity: rowCapacity * rowStride)
        scales = SharedBuffer(capacity: rowCapacity)
        norms = hasNorms ? SharedBuffer(capacity: rowCapacity) : nil
    }

    private init(rowStride: Int, codes: SharedBuffer<UInt8>, scales: SharedBuffer<Float>, norms: SharedBuffer<Float>?) {
        self.rowStride = rowStride
        self.codes = codes
        self.scales = scales
        self.norms = norms
    }

    var rowCapacity: Int { scales.capacity }
    var allocatedBytes: Int { codes.allocatedBytes + scales.allocatedBytes + (norms?.allocatedBytes ?? 0) }

    /// The first `rowCount` rows in larger buffers.
    func grown(to rowCapacity: Int, copying rowCount: Int) -> RowBuffers {
        RowBuffers(
            rowStride: rowStride, codes: codes.grown(to: rowCapacity * rowStride, copying: rowCount * rowStride),
            scales: scales.grown(to: rowCapacity, copying: rowCount),
            norms: norms?.grown(to: rowCapacity, copying: rowCount))
    }

    /// Where the `rowStride` codes of `row` begin.
    func codes(ofRow row: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(row >= 0 && row < rowCapacity, "a row that there is")
        return unsafe codes.base + row * rowStride
    }

    /// Copies row `row` of `other` to row `target`.
    func copy(row: Int, of other: RowBuffers, to target: Int) {
        precondition(other.rowStride == rowStride, "rows of one index")
        unsafe codes(ofRow: target).update(from: other.codes(ofRow: row), count: rowStride)
        unsafe scales.base[target] = other.scales[row]
        if let norms, let otherNorms = other.norms { unsafe norms.base[target] = otherNorms[row] }
    }
}
