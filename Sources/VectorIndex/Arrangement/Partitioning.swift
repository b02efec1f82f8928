import CKernels

/// How the rows of an index are cut into lists: a centroid for each, near which the list's rows lie. Immutable.
final class Partitioning: Sendable {
    /// Times the square root of the rows, this many lists: reading the centroids then costs about as much as reading
    /// the lists that a search at recall 0.95 wants.
    private static let listCountFactor = 3.0
    static let listCountRange = 16...65_536

    let rotation: Rotation
    /// Row `list` is the list's centroid; `norms` are always there.
    let centroids: RowBuffers
    let listCount: Int
    /// For each list the root mean square of its rows' distances from the centroid, in the sample it was made from.
    let spreads: [Float]
    /// Live rows when it was made.
    let trainedRowCount: Int

    init(rotation: Rotation, centroids: RowBuffers, listCount: Int, spreads: [Float], trainedRowCount: Int) {
        precondition(spreads.count == listCount && centroids.rowCapacity >= listCount, "a spread for each centroid")
        self.rotation = rotation
        self.centroids = centroids
        self.listCount = listCount
        self.spreads = spreads
        self.trainedRowCount = trainedRowCount
    }

    static func listCount(forRowCount rowCount: Int) -> Int {
        let count = Int(listCountFactor * Double(rowCount).squareRoot()) / 16 * 16
        return min(max(count, listCountRange.lowerBound), listCountRange.upperBound)
    }

    var allocatedBytes: Int { centroids.allocatedBytes + spreads.count * MemoryLayout<Float>.size }
}

/// Finds, for up to eight vectors at a time, the nearest centroid: of |x - c|² that with the largest x·c - |c|²/2.
@safe struct NearestCentroids {
    private let centroids: RowBuffers
    private let listCount: Int
    private let kernels: KernelSet
    private let codes: SharedBuffer<Int8>
    private let masks: SharedBuffer<UInt16>
    private let hitRows: SharedBuffer<UInt32>
    private let hitKeys: SharedBuffer<Float>
    private var queries: [kz_scan_query]
    private var best: [(list: Int, key: Float)]

    /// Centroids scanned between two looks at the best key: few enough hits, few enough calls.
    private static let stepBlockCount = 4

    init(centroids: RowBuffers, listCount: Int, kernels: KernelSet = .best) {
        self.centroids = centroids
        self.listCount = listCount
        self.kernels = kernels
        let rowStride = centroids.rowStride, stepRowCount = Self.stepBlockCount * RowBuffers.blockRowCount
        let queryLimit = ScanPass.queryLimit
        let codes = SharedBuffer<Int8>(capacity: queryLimit * rowStride)
        let masks = SharedBuffer.rowMasks(rowCount: listCount)
        let hitRows = SharedBuffer<UInt32>(capacity: queryLimit * stepRowCount)
        let hitKeys = SharedBuffer<Float>(capacity: queryLimit * stepRowCount)
        self.codes = codes
        self.masks = masks
        self.hitRows = hitRows
        self.hitKeys = hitKeys
        unsafe queries = (0 ..< queryLimit).map { index in
            unsafe kz_scan_query(
                codes: codes.base + index * rowStride, rowMask: masks.base,
                hitRows: hitRows.base + index * stepRowCount, hitKeys: hitKeys.base + index * stepRowCount, codeSum: 0,
                normFactor: 0, threshold: 0, hitCount: 0)
        }
        best = Array(repeating: (0, 0), count: queryLimit)
    }

    /// - Parameters:
    ///   - vectors: `count` vectors of `rowStride` components each.
    ///   - count: 1...8.
    ///   - lists: Gets the `count` nearest lists.
    mutating func find(_ vectors: UnsafePointer<Float>, count: Int, lists: UnsafeMutablePointer<Int32>) {
        let rowStride = centroids.rowStride
        for index in 0 ..< count {
            let factor = unsafe kz_scan_encode_query(
                vectors + index * rowStride, rowStride, codes.base + index * rowStride, &queries[index].codeSum)
            unsafe queries[index].normFactor = -factor / 2
            best[index] = (0, -.infinity)
        }
        let blockCount = (listCount + RowBuffers.blockRowCount - 1) / RowBuffers.blockRowCount
        for block in stride(from: 0, to: blockCount, by: Self.stepBlockCount) {
            let firstRow = block * RowBuffers.blockRowCount
            var rows = unsafe kz_scan_rows(
                codes: centroids.codes.base + firstRow * rowStride, scales: centroids.scales.base + firstRow,
                norms: centroids.norms.map { unsafe UnsafePointer($0.base + firstRow) },
                blockCount: min(Self.stepBlockCount, blockCount - block), rowStride: rowStride)
            for index in 0 ..< count {
                unsafe queries[index].threshold = best[index].key.nextUp
                unsafe queries[index].rowMask = UnsafePointer(masks.base + block)
            }
            unsafe kernels.scan(&rows, &queries, count)
            for index in 0 ..< count {
                let query = unsafe queries[index]
                for hit in 0 ..< Int(unsafe query.hitCount) where unsafe query.hitKeys[hit] > best[index].key {
                    best[index] = unsafe (firstRow + Int(query.hitRows[hit]), query.hitKeys[hit])
                }
            }
        }
        for index in 0 ..< count { unsafe lists[index] = Int32(best[index].list) }
    }
}

extension SharedBuffer where Element == UInt16 {
    /// Row masks with a bit set for each of the first `rowCount` rows.
    static func rowMasks(rowCount: Int) -> SharedBuffer<UInt16> {
        let blockRowCount = RowBuffers.blockRowCount
        let masks = SharedBuffer<UInt16>(capacity: (rowCount + blockRowCount - 1) / blockRowCount)
        for block in 0 ..< masks.capacity {
            let count = min(blockRowCount, rowCount - block * blockRowCount)
            unsafe masks.base[block] = count == blockRowCount ? .max : (1 << UInt16(count)) - 1
        }
        return masks
    }
}
