import CKernels

/// The state of one query's way through the lists.
///
/// Until there are `resultLimit` rows to compare with, no bound can leave a row out; so the hits of the first lists are
/// kept, those of the best bounds are compared first, and the others need to reach what these have reached.
@safe struct Probe: ~Copyable {
    private static let firstHitCountMinimum = 64

    private let view: IndexView
    private let segments: [SegmentAccess]
    private let layers: [LayerAccess]
    private let rowStride: Int
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

    init(
        view: IndexView, arranged: ArrangementView, query: PreparedQuery, plan: ProbePass.Plan, kernels: KernelSet,
        filteredRows: FilteredRows?
    ) {
        self.view = view
        segments = view.access
        layers = arranged.access
        rowStride = query.vector.count
        self.query = query
        self.kernels = kernels
        self.filteredRows = filteredRows
        let rotation = arranged.arrangement.partitioning.rotation
        firstHitCount = max(Self.firstHitCountMinimum, 4 * query.resultLimit)
        // The first lists' hits are kept until there are enough; one more list may come on top.
        let memory = ProbeMemory(
            rowStride: query.vector.count, codeDimension: rotation.codeDimension,
            hitCapacity: firstHitCount + arranged.largestListRowCount)
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
        // A few more than asked for: the order by whole numbers and that by floats differ in the last digits.
        top = TopCandidates(limit: query.resultLimit + 2, lowestKey: query.lowestScore)
        pending.reserveCapacity(64)
    }

    // MARK: Lists

    /// - Parameter nextList: The one that will be visited after it, to be asked for.
    mutating func visit(list: Int, product: Float, nextList: Int?) {
        unsafe coarse.base = product
        for layerIndex in layers.indices {
            let layer = layers[layerIndex]
            if let nextList { layer.prefetch(list: nextList) }
            let first = unsafe Int(layer.starts[list]), end = unsafe Int(layer.starts[list + 1])
            guard first < end else { continue }
            scannedRowCount += end - first
            var rows = unsafe layer.rows
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
            let layer = unsafe layers[Int(memory.hitLayers.base[hit])]
            if unsafe wanted(layer, row: Int(memory.hitRows.base[hit])) != nil {
                order.offer(unsafe memory.hitBounds.base[hit])
            }
        }
        let best = order.threshold
        for hit in 0 ..< hitCount where unsafe memory.hitBounds.base[hit] >= best {
            let layer = unsafe layers[Int(memory.hitLayers.base[hit])]
            unsafe take(layer, row: Int(memory.hitRows.base[hit]), bound: .infinity)
        }
        comparePending()
        for hit in 0 ..< hitCount where unsafe memory.hitBounds.base[hit] < best {
            let layer = unsafe layers[Int(memory.hitLayers.base[hit])]
            unsafe take(layer, row: Int(memory.hitRows.base[hit]), bound: memory.hitBounds.base[hit])
        }
    }

    // MARK: Rows

    /// Where a row is, if it is one that is searched for.
    @inline(__always)
    private func wanted(_ layer: LayerAccess, row: Int) -> PendingRow? {
        let place = unsafe layer.places[row]
        let segmentIndex = unsafe layer.segmentIndices[Int(place >> 16)]
        guard segmentIndex >= 0 else { return nil }
        let segmentRow = Int(place & 0xffff)
        guard segments[Int(segmentIndex)].isLive(segmentRow) else { return nil }
        if let filteredRows, !filteredRows.contains(segmentRow, ofSegment: Int(segmentIndex)) { return nil }
        return PendingRow(segmentIndex: UInt32(segmentIndex), row: UInt32(segmentRow))
    }

    /// Asks for a row's codes if its bound still reaches what has been found and it is one that is searched for.
    @inline(__always)
    private mutating func take(_ layer: LayerAccess, row: Int, bound: Float) {
        guard bound >= top.threshold, let wanted = wanted(layer, row: row) else { return }
        let codes = unsafe segments[Int(wanted.segmentIndex)].codes + Int(wanted.row) * rowStride
        unsafe kz_scan_prefetch_row(codes, rowStride)
        let scale = unsafe segments[Int(wanted.segmentIndex)].scales + Int(wanted.row)
        unsafe kz_scan_prefetch_row(UnsafeRawPointer(scale).assumingMemoryBound(to: UInt8.self), 4)
        unsafe memory.pendingRows.base[pending.count] = Int(bitPattern: codes)
        pending.append(wanted)
        if pending.count == ProbeMemory.pendingLimit { comparePending() }
    }

    private mutating func comparePending() {
        guard !pending.isEmpty else { return }
        let rows = unsafe UnsafeRawPointer(memory.pendingRows.base).assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
        unsafe kernels.rescore(
            rows, pending.count, memory.fineCodes.base, rowStride, memory.sums.base)
        let inverse = 1 / fineFactor
        for index in pending.indices {
            let item = pending[index], segment = segments[Int(item.segmentIndex)], row = Int(item.row)
            var key = unsafe Float(memory.sums.base[index]) * segment.scales[row] * inverse
            if let norms = unsafe segment.norms { unsafe key -= norms[row] / 2 }
            guard key >= top.threshold else { continue }
            let id = view.segments[Int(item.segmentIndex)].ids[row]
            top.offer(Candidate(key: key, id: id, segmentIndex: item.segmentIndex, row: item.row))
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
