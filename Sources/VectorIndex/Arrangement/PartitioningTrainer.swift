import CKernels

/// Makes a partitioning from a sample of an index's rows, a bounded step at a time: k-means (Lloyd 1982) over the
/// vectors that the int8 codes stand for.
///
/// The sample's rows are copied out of the segments first, so that none is kept alive.
final class PartitioningTrainer {
    /// Enough for a centroid to be the mean of many; more improve recall by less than they cost.
    private static let sampleRowsPerList = 32
    private static let roundCount = 7

    private let rowStride: Int
    private let listCount: Int
    private let sampleCount: Int
    private let rowCount: Int
    private let rotation: Rotation
    private let sample: RowBuffers
    private var centroids: RowBuffers
    private var nearest: NearestCentroids
    /// For each list the sum of the vectors of the sample that are nearest to it, in this round.
    private var sums: [Float]
    private var counts: [Int32]
    private var distances: [Float]
    private var round = 0
    private var nextRow = 0
    private var seed: UInt64

    /// Memory at most while lists are made: the sample, and for each list its centroid and the sum of its rows.
    static func workingBytes(listCount: Int, rowStride: Int) -> Int {
        let floatBytes = MemoryLayout<Float>.size
        return listCount * (sampleRowsPerList * (rowStride + floatBytes) + rowStride * (1 + floatBytes) + 5 * floatBytes)
    }

    /// - Parameter view: Has live rows.
    init(view: IndexView, dimension: Int, rowStride: Int) {
        rowCount = view.liveRowCount
        let listCount = Partitioning.listCount(forRowCount: rowCount)
        self.listCount = listCount
        self.rowStride = rowStride
        rotation = Rotation(dimension: dimension)
        seed = UInt64(rowCount)
        sample = Self.sample(view, count: listCount * Self.sampleRowsPerList, rowStride: rowStride)
        sampleCount = sample.rowCapacity
        centroids = RowBuffers(rowStride: rowStride, hasNorms: true, rowCapacity: (listCount + 15) / 16 * 16)
        sums = Array(repeating: 0, count: listCount * rowStride)
        counts = Array(repeating: 0, count: listCount)
        distances = Array(repeating: 0, count: listCount)
        nearest = NearestCentroids(centroids: centroids, listCount: listCount)
        // The first centroids are rows of the sample, evenly spread over it.
        var vector = Array(repeating: Float(0), count: rowStride)
        for list in 0 ..< listCount {
            decode(list * sampleCount / listCount, into: &vector)
            Self.encode(vector, as: list, in: centroids)
        }
    }

    /// Every n-th live row, so that each time the rows came in is represented; at least 16 and a multiple of 16.
    private static func sample(_ view: IndexView, count: Int, rowStride: Int) -> RowBuffers {
        let sampleCount = max(16, min(count, view.liveRowCount) / 16 * 16)
        let sample = RowBuffers(rowStride: rowStride, hasNorms: false, rowCapacity: sampleCount)
        var taken = 0, seen = 0
        for segment in view.segments {
            for row in 0 ..< segment.rowCount where segment.isLive(row) {
                // Row `seen` of the live ones is taken when the running share passes a whole number.
                while taken < sampleCount, taken * view.liveRowCount <= seen * sampleCount {
                    sample.copy(row: row, of: segment.codes, to: taken)
                    taken += 1
                }
                seen += 1
            }
        }
        precondition(taken == sampleCount, "a view with live rows")
        return sample
    }

    /// Does a step; returns the partitioning when it was the last.
    /// - Parameter rowBudget: Rows of the sample to assign at most, rounded up to eight.
    func step(rowBudget: Int) -> Partitioning? {
        var vectors = Array(repeating: Float(0), count: ScanPass.queryLimit * rowStride)
        var lists = Array(repeating: Int32(0), count: ScanPass.queryLimit)
        let end = min(sampleCount, nextRow + max(1, rowBudget))
        while nextRow < end {
            let count = min(ScanPass.queryLimit, sampleCount - nextRow)
            for index in 0 ..< count {
                unsafe vectors.withUnsafeMutableBufferPointer { vectors in
                    unsafe kz_scan_decode_row(
                        sample.codes(ofRow: nextRow + index), sample.scales[nextRow + index],
                        vectors.baseAddress.map { unsafe $0 + index * rowStride }, rowStride)
                }
            }
            unsafe vectors.withUnsafeBufferPointer { vectors in
                guard let base = vectors.baseAddress else { return }
                unsafe lists.withUnsafeMutableBufferPointer { lists in
                    guard let lists = lists.baseAddress else { return }
                    unsafe nearest.find(base, count: count, lists: lists)
                }
            }
            for index in 0 ..< count { add(vectors, at: index * rowStride, to: Int(lists[index])) }
            nextRow += count
        }
        guard nextRow == sampleCount else { return nil }
        nextRow = 0
        round += 1
        // The last round only measures the spreads around the centroids that stay.
        if round == Self.roundCount { return finish() }
        moveCentroids()
        return nil
    }

    private func add(_ vectors: [Float], at start: Int, to list: Int) {
        counts[list] += 1
        let first = list * rowStride
        var squareSum: Float = 0
        let scale = centroids.scales[list]
        unsafe vectors.withUnsafeBufferPointer { vectors in
            let codes = unsafe centroids.codes(ofRow: list)
            unsafe sums.withUnsafeMutableBufferPointer { sums in
                for index in 0 ..< rowStride {
                    unsafe sums[first + index] += vectors[start + index]
                }
            }
            if round == Self.roundCount - 1 {
                squareSum = unsafe kz_scan_row_distance_squared(
                    codes, vectors.baseAddress.map { unsafe $0 + start }, scale, rowStride)
            }
        }
        distances[list] += squareSum
    }

    private func moveCentroids() {
        var vector = Array(repeating: Float(0), count: rowStride)
        for list in 0 ..< listCount {
            if counts[list] > 0 {
                let inverse = 1 / Float(counts[list])
                for index in 0 ..< rowStride { vector[index] = sums[list * rowStride + index] * inverse }
            } else {
                // A centroid that nothing is near takes a new place: a row of the sample, by chance.
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                decode(Int(seed >> 33) % sampleCount, into: &vector)
            }
            Self.encode(vector, as: list, in: centroids)
        }
        for index in sums.indices { sums[index] = 0 }
        for list in 0 ..< listCount { counts[list] = 0 }
    }

    private func finish() -> Partitioning {
        let spreads = (0 ..< listCount).map { list in
            counts[list] > 0 ? (distances[list] / Float(counts[list])).squareRoot() : 0
        }
        return Partitioning(
            rotation: rotation, centroids: centroids, listCount: listCount, spreads: spreads, trainedRowCount: rowCount)
    }

    private func decode(_ row: Int, into vector: inout [Float]) {
        unsafe kz_scan_decode_row(sample.codes(ofRow: row), sample.scales[row], &vector, rowStride)
    }

    /// The int8 codes and the scale that come nearest to the vector.
    private static func encode(_ vector: [Float], as row: Int, in buffers: RowBuffers) {
        let codes = unsafe buffers.codes(ofRow: row)
        let largest = unsafe kz_scan_largest_magnitude(vector, vector.count)
        let factor: Float = largest >= RowEncoder.smallestMagnitude ? 127 / largest : 0
        unsafe kz_scan_encode_row(vector, vector.count, factor, codes, buffers.rowStride)
        let squareSum = unsafe Double(kz_scan_row_square_sum(codes, buffers.rowStride))
        let product = unsafe Double(kz_scan_row_product(codes, vector, buffers.rowStride))
        let scale = squareSum > 0 ? product / squareSum : 0
        unsafe buffers.scales.base[row] = Float(scale)
        if let norms = buffers.norms { unsafe norms.base[row] = Float(scale * scale * squareSum) }
    }
}
