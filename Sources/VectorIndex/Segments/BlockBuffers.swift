import CKernels

/// The codes of rows in blocks of 16, laid out for the kernels as scan.h says, with a scale and for `euclidean` a
/// squared norm for each row.
///
/// The row with codes c stands for the vector `scale × c`. Symmetric int8, one scale a row, zero point 0: Jacob et al.
/// 2018, arXiv:1712.05877 §2.1.
struct BlockBuffers: Sendable {
    static let blockRowCount = KZ_SCAN_BLOCK_ROWS

    /// Groups of four dimensions.
    let groupCount: Int
    let codes: SharedBuffer<UInt8>
    let scales: SharedBuffer<Float>
    /// Squared norms of `scale × c`.
    let norms: SharedBuffer<Float>?

    init(groupCount: Int, hasNorms: Bool, rowCapacity: Int) {
        precondition(rowCapacity % Self.blockRowCount == 0, "whole blocks")
        self.groupCount = groupCount
        codes = SharedBuffer(capacity: rowCapacity * groupCount * 4)
        scales = SharedBuffer(capacity: rowCapacity)
        norms = hasNorms ? SharedBuffer(capacity: rowCapacity) : nil
    }

    private init(groupCount: Int, codes: SharedBuffer<UInt8>, scales: SharedBuffer<Float>, norms: SharedBuffer<Float>?) {
        self.groupCount = groupCount
        self.codes = codes
        self.scales = scales
        self.norms = norms
    }

    var rowCapacity: Int { scales.capacity }
    var blockBytes: Int { groupCount * 4 * Self.blockRowCount }
    var allocatedBytes: Int { codes.allocatedBytes + scales.allocatedBytes + (norms?.allocatedBytes ?? 0) }

    /// The first `rowCount` rows' blocks in larger buffers.
    func grown(to rowCapacity: Int, copying rowCount: Int) -> BlockBuffers {
        let blockCount = (rowCount + Self.blockRowCount - 1) / Self.blockRowCount
        let copiedRowCount = blockCount * Self.blockRowCount
        return BlockBuffers(
            groupCount: groupCount,
            codes: codes.grown(to: rowCapacity * groupCount * 4, copying: blockCount * blockBytes),
            scales: scales.grown(to: rowCapacity, copying: copiedRowCount),
            norms: norms?.grown(to: rowCapacity, copying: copiedRowCount))
    }

    /// A copy of one block.
    func copy(ofBlock block: Int) -> BlockBuffers {
        let copy = BlockBuffers(groupCount: groupCount, hasNorms: norms != nil, rowCapacity: Self.blockRowCount)
        let firstRow = block * Self.blockRowCount
        precondition(block >= 0 && firstRow + Self.blockRowCount <= rowCapacity, "a block that there is")
        unsafe copy.codes.base.update(from: codes.base + block * blockBytes, count: blockBytes)
        unsafe copy.scales.base.update(from: scales.base + firstRow, count: Self.blockRowCount)
        if let norms, let copied = copy.norms {
            unsafe copied.base.update(from: norms.base + firstRow, count: Self.blockRowCount)
        }
        return copy
    }

    /// Where the codes of `row` begin: four bytes, then four more 64 bytes further on, and so on.
    func lane(ofRow row: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(row >= 0 && row < rowCapacity, "a row that there is")
        return unsafe codes.base + row / Self.blockRowCount * blockBytes + row % Self.blockRowCount * 4
    }
}
