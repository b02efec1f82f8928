import CKernels

/// The state of one query's way through the lists.
///
/// Until there are `resultLimit` rows to compare with, no bound can leave a row out; so the hits of the first lists are
/// kept, those of the best bounds are compared first, and the others need to reach what these have reached.
@safe struct Probe: ~Copyable {
    private static let firstHitCountMinimum = 64

    private let view: IndexView
    private let arranged: ArrangementView
    private let query: PreparedQuery
    private let kernels: KernelSet
    private let filteredRows: FilteredRows?
    private var coarse: kz_coarse_query
    /// A fine code is a component times it, rounded.
    private let fineFactor: Float
    private let memory: ProbeMemory
    private let firstHitCount: Int
    private var hitCount = 0
    private var isPrimed = false
    /// Hits whose int8 codes are on their way from memory.
    private var pending: [PendingRow] = []
    private(set) var top: TopCandidates
    private(set) var scannedRowCount = 0

    private struct PendingRow {
        var segmentIndex: UInt32
        var row: UInt32
    }

    static func hitCapacity(for resultLimit: Int, lists: [Int32], rowCounts: [UInt32]) -> Int {
        // The first lists' hits are kept until there are enough; one more list may come on top.
        var largest = 0
        for list in lists { largest = max(largest, Int(rowCounts[Int(list)])) }
        return max(firstHitCountMinimum, 4 * resultLimit) + largest
    }

    init(
        view: IndexView, arranged: ArrangementView, query: PreparedQuery, plan: ProbePass.Plan, kernels: KernelSet,
        filteredRows: FilteredRows?, hitCapacity: Int
    ) {
        self.view = view
        self.arranged = arranged
        self.query = query
        self.kernels = kernels
        self.filteredRows = filteredRows
        let rotation = arranged.arrangement.partitioning.rotation
        let memory = ProbeMemory(
            rowStride: query.vector.count, codeDimension: rotation.codeDimension, hitCapacity: hitCapacity)
        self.memory = memory
        unsafe coarse = kz_coarse_query(
            tables: memory.tables.base, step: 0, offset: 0, base: 0, errorWeight: plan.deviationCount * query.norm,
            threshold: -.infinity)
        unsafe query.vector.withUnsafeBufferPointer { vector in
            guard let base = vector.baseAddress else { return }
            unsafe memory.rotated.base.update(from: base, count: min(vector.count, rotation.codeDimension))
        }
        unsafe rotation.apply(to: memory.rotated.base)
        unsafe kz_coarse_make_tables(memory.rotated.base, rotation.byteCount, memory.tables.base, &coarse)
        fineFactor = unsafe kz_scan_encode_fine_query(query.vector, query.vector.count, memory.fineCodes.base)
        firstHitCount = max(Self.firstHitCountMinimum, 4 * query.resultLimit)
        // A few more than asked for: the order by whole numbers and that by floats differ in the last digits.
        top = TopCandidates(limit: query.resultLimit + 2, lowestKey: query.lowestScore)
        pending.reserveCapacity(64)
    }

    // MARK: Lists

    mutating func visit(list: Int, product: Float) {
        unsafe coarse.base = product
        for (layerIndex, layer) in arranged.layers.enumerated() {
            let first = Int(layer.layer.starts[list]), end = Int(layer.layer.starts[list + 1])
            guard first < end else { continue }
            scannedRowCount += end - first
            var rows = unsafe kz_coarse_rows(
                codes: layer.layer.codes.base, factors: layer.layer.factors.base, errors: layer.layer.errors.base,
                biases: layer.layer.biases.map { unsafe UnsafePointer($0.base) }, byteCount: layer.layer.byteCount)
            unsafe coarse.threshold = top.threshold
            let start = isPrimed ? 0 : hitCount
            let count = unsafe kernels.coarseScan(
                &rows, &coarse, first, end, memory.hitRows.base + start, memory.hitBounds.base + start)
            if isPrimed {
                // What was asked for before the scan has arrived by now.
                comparePending()
                for hit in 0 ..< count {
                    unsafe take(layer, row: Int(memory.hitRows.base[hit]), bound: memory.hitBounds.base[hit])
                }
            } else {
                for hit in start ..< start + count { unsafe memory.hitLayers.base[hit] = UInt16(layerIndex) }
                hitCount += count
            }
        }
        if !isPrimed, hitCount >= firstHitCount { prime() }
    }

    mutating func finishLists() {
        if !isPrimed { prime() }
        comparePending()
    }

    /// Compares the first hits: the `resultLimit` of the best bounds, then those of the others that still matter.
    private mutating func prime() {
        isPrimed = true
        var order = TopBounds(limit: top.limit)
        for hit in 0 ..< hitCount where unsafe memory.hitBounds.base[hit] > order.threshold {
            let layer = unsafe arranged.layers[Int(memory.hitLayers.base[hit])]
            if unsafe isWanted(layer, row: Int(memory.hitRows.base[hit])) {
                order.offer(unsafe memory.hitBounds.base[hit])
            }
        }
        let best = order.threshold
        for hit in 0 ..< hitCount where unsafe memory.hitBounds.base[hit] >= best {
            let layer = unsafe arranged.layers[Int(memory.hitLayers.base[hit])]
            unsafe take(layer, row: Int(memory.hitRows.base[hit]), bound: .infinity)
        }
        comparePending()
        for hit in 0 ..< hitCount where unsafe memory.hitBounds.base[hit] < best {
            let layer = unsafe arranged.layers[Int(memory.hitLayers.base[hit])]
            unsafe take(layer, row: Int(memory.hitRows.base[hit]), bound: memory.hitBounds.base[hit])
        }
    }

    // MARK: Rows

    @inline(__always)
    private func isWanted(_ layer: LayerView, row: Int) -> Bool {
        let place = unsafe layer.layer.places.base[row]
        guard let segmentIndex = layer.segmentIndex(ofSlot: Int(place >> 16)) else { return false }
        let segmentRow = Int(place & 0xffff)
        return view.segments[segmentIndex].isLive(segmentRow)
            && filteredRows?.contains(segmentRow, ofSegment: segmentIndex) ?? true
    }

    /// Asks for a row's codes if its bound still reaches what has been found and it is one that is searched for.
    @inline(__always)
    private mutating func take(_ layer: LayerView, row: Int, bound: Float) {
        guard bound >= top.threshold, isWanted(layer, row: row) else { return }
        let place = unsafe layer.layer.places.base[row]
        guard let segmentIndex = layer.segmentIndex(ofSlot: Int(place >> 16)) else { return }
        let segmentRow = Int(place & 0xffff)
        let codes = view.segments[segmentIndex].codes
        unsafe kz_scan_prefetch_row(codes.codes.base + segmentRow * codes.rowStride, codes.rowStride)
        pending.append(PendingRow(segmentIndex: UInt32(segmentIndex), row: UInt32(segmentRow)))
        if pending.count == ProbeMemory.pendingLimit { comparePending() }
    }

    private mutating func comparePending() {
        guard !pending.isEmpty else { return }
        for (index, item) in pending.enumerated() {
            let codes = view.segments[Int(item.segmentIndex)].codes
            unsafe memory.pendingRows.base[index] = Int(bitPattern: codes.codes.base + Int(item.row) * codes.rowStride)
        }
        let rows = unsafe UnsafeRawPointer(memory.pendingRows.base).assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
        unsafe kernels.rescore(
            rows, pending.count, memory.fineCodes.base, query.vector.count, memory.sums.base)
        let inverse = 1 / fineFactor
        for (index, item) in pending.enumerated() {
            let segment = view.segments[Int(item.segmentIndex)], row = Int(item.row)
            var key = unsafe Float(memory.sums.base[index]) * segment.codes.scales[row] * inverse
            if let norms = segment.codes.norms { key -= norms[row] / 2 }
            guard key >= top.threshold else { continue }
            top.offer(
                Candidate(key: key, id: segment.ids[row], segmentIndex: item.segmentIndex, row: item.row))
        }
        pending.removeAll(keepingCapacity: true)
    }
}

/// The best bounds of those offered; `threshold` is the worst of them once there are `limit`.
private struct TopBounds {
    let limit: Int
    private(set) var threshold = -Float.infinity
    /// Descending.
    private var bounds: [Float] = []

    init(limit: Int) {
        self.limit = limit
        bounds.reserveCapacity(limit + 1)
    }

    mutating func offer(_ bound: Float) {
        guard bounds.count < limit || bound > threshold else { return }
        var low = 0, high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] >= bound { low = middle + 1 } else { high = middle }
        }
        bounds.insert(bound, at: low)
        if bounds.count > limit { bounds.removeLast() }
        if bounds.count == limit { threshold = bounds[limit - 1] }
    }
}
