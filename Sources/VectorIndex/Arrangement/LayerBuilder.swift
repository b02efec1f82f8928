import CKernels

/// Makes a layer of rows that no layer has yet, a bounded step at a time: finds each row's list, then writes the coarse
/// codes in the lists' order.
final class LayerBuilder {
    /// Rows of one segment to take.
    struct Source {
        let segment: SegmentView
        let rows: Range<Int>
    }

    private enum Phase {
        case assigning
        case encoding
    }

    private let partitioning: Partitioning
    private let sources: [Source]
    private let rowStride: Int
    private var nearest: NearestCentroids
    private var phase = Phase.assigning
    private var sourceIndex = 0
    private var nextRow: Int
    /// The live rows in the order of the sources: their places, the sources they are of, and then their lists.
    private var places: [UInt32] = []
    private var rowSources: [UInt32] = []
    private var lists: [Int32] = []
    private var listCounts: [UInt32]
    private var layer: CoarseLayer?
    /// Where the next row of each list goes.
    private var cursors: [UInt32] = []
    private var encoded = 0
    private var vector: [Float]
    private var centroid: [Float]
    private var residual: [Float]

    init(partitioning: Partitioning, sources: [Source], rowStride: Int) {
        self.partitioning = partitioning
        self.sources = sources
        self.rowStride = rowStride
        nearest = NearestCentroids(centroids: partitioning.centroids, listCount: partitioning.listCount)
        nextRow = sources.first?.rows.lowerBound ?? 0
        listCounts = Array(repeating: 0, count: partitioning.listCount)
        vector = Array(repeating: 0, count: ScanPass.queryLimit * rowStride)
        centroid = Array(repeating: 0, count: rowStride)
        residual = Array(repeating: 0, count: max(partitioning.rotation.codeDimension, rowStride))
        let rowCount = sources.reduce(0) { $0 + $1.rows.count }
        places.reserveCapacity(rowCount)
        lists.reserveCapacity(rowCount)
        rowSources.reserveCapacity(rowCount)
    }

    /// Does a step of about `rowBudget` rows; returns the layer when it was the last.
    func step(rowBudget: Int) -> CoarseLayer? {
        switch phase {
        case .assigning:
            if assign(rowBudget: rowBudget) { beginEncoding() }
            return nil
        case .encoding:
            guard let layer else { preconditionFailure("encoding has begun") }
            let end = min(places.count, encoded + max(1, rowBudget))
            while encoded < end {
                encode(encoded, into: layer)
                encoded += 1
            }
            return encoded == places.count ? layer : nil
        }
    }

    /// Returns whether all rows have a list.
    private func assign(rowBudget: Int) -> Bool {
        var remaining = max(1, rowBudget)
        while remaining > 0 {
            let first = places.count
            gather(limit: ScanPass.queryLimit)
            let count = places.count - first
            guard count > 0 else { return true }
            for index in 0 ..< count { decode(first + index, to: index * rowStride) }
            var found = Array(repeating: Int32(0), count: count)
            unsafe vector.withUnsafeBufferPointer { vector in
                unsafe found.withUnsafeMutableBufferPointer { found in
                    guard let base = vector.baseAddress, let lists = found.baseAddress else { return }
                    unsafe nearest.find(base, count: count, lists: lists)
                }
            }
            for list in found {
                lists.append(list)
                listCounts[Int(list)] += 1
            }
            remaining -= count
        }
        return false
    }

    /// Appends the next live rows, at most `limit`.
    private func gather(limit: Int) {
        var count = 0
        while count < limit, sourceIndex < sources.count {
            let source = sources[sourceIndex]
            guard nextRow < source.rows.upperBound else {
                sourceIndex += 1
                nextRow = sourceIndex < sources.count ? sources[sourceIndex].rows.lowerBound : 0
                continue
            }
            if source.segment.isLive(nextRow) {
                places.append(UInt32(source.segment.slot) << 16 | UInt32(nextRow))
                rowSources.append(UInt32(sourceIndex))
                count += 1
            }
            nextRow += 1
        }
    }

    private func decode(_ index: Int, to start: Int) {
        let buffers = sources[Int(rowSources[index])].segment.codes, row = Int(places[index] & 0xffff)
        unsafe vector.withUnsafeMutableBufferPointer { vector in
            unsafe kz_scan_decode_row(
                buffers.codes(ofRow: row), buffers.scales[row], vector.baseAddress.map { unsafe $0 + start }, rowStride)
        }
    }

    private func beginEncoding() {
        let coverage = sources.map {
            CoarseLayer.Coverage(slot: $0.segment.slot, serial: $0.segment.serial, endRow: $0.rows.upperBound)
        }
        let layer = CoarseLayer(
            coverage: coverage, rowCount: places.count, listCount: partitioning.listCount,
            byteCount: partitioning.rotation.byteCount, hasBiases: sources.contains { $0.segment.codes.norms != nil })
        var start: UInt32 = 0
        for (list, count) in listCounts.enumerated() {
            unsafe layer.starts.base[list] = start
            cursors.append(start)
            start += count
        }
        unsafe layer.starts.base[partitioning.listCount] = start
        self.layer = layer
        phase = .encoding
    }

    private func encode(_ index: Int, into layer: CoarseLayer) {
        let list = Int(lists[index]), target = Int(cursors[list])
        cursors[list] += 1
        decode(index, to: 0)
        let centroids = partitioning.centroids
        unsafe kz_scan_decode_row(centroids.codes(ofRow: list), centroids.scales[list], &centroid, rowStride)
        for index in rowStride ..< max(rowStride, residual.count) { residual[index] = 0 }
        let squaredNorm = unsafe kz_coarse_residual(vector, centroid, rowStride, &residual)
        let code = unsafe layer.code(ofRow: target)
        let magnitudeSum = unsafe residual.withUnsafeMutableBufferPointer { residual in
            guard let base = residual.baseAddress else { return Float(0) }
            unsafe partitioning.rotation.apply(to: base)
            return unsafe kz_coarse_encode(base, layer.byteCount, code)
        }
        let codeDimension = Float(partitioning.rotation.codeDimension)
        // Section 3.2 of the paper: with the code's unit vector x̄ and the residual's o, a product <o, q> is estimated
        // by <x̄, q> / <x̄, o>, and is off by a normal error of deviation √((1 - <x̄, o>²) / <x̄, o>² / (D - 1)).
        let cosine = squaredNorm > 0 ? magnitudeSum / (codeDimension * squaredNorm).squareRoot() : 1
        unsafe layer.factors.base[target] = magnitudeSum > 0 ? squaredNorm / magnitudeSum : 0
        unsafe layer.errors.base[target] =
            (squaredNorm * max(0, 1 - cosine * cosine) / (cosine * cosine * (codeDimension - 1))).squareRoot()
        let buffers = sources[Int(rowSources[index])].segment.codes
        if let biases = layer.biases, let norms = buffers.norms {
            unsafe biases.base[target] = norms[Int(places[index] & 0xffff)] / -2
        }
        unsafe layer.places.base[target] = places[index]
    }
}
