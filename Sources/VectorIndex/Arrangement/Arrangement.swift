import CKernels

/// The rows of an index sorted into lists, as far as that has been done: an immutable value that is replaced whole.
///
/// Rows that are in no layer are scanned one by one. Layers come in falling sizes, each at least four times the next, so
/// there are few of them and a row is copied to another layer few times in its life.
final class Arrangement: Sendable {
    /// How much larger a layer is than the one after it.
    static let layerRatio = 4

    /// Differs from that of every other arrangement of the index.
    let serial: UInt64
    let partitioning: Partitioning
    let calibration: Calibration
    let layers: [CoarseLayer]

    init(serial: UInt64, partitioning: Partitioning, calibration: Calibration, layers: [CoarseLayer]) {
        self.serial = serial
        self.partitioning = partitioning
        self.calibration = calibration
        self.layers = layers
    }

    var allocatedBytes: Int { layers.reduce(partitioning.allocatedBytes) { $0 + $1.allocatedBytes } }
    var rowCount: Int { layers.reduce(0) { $0 + $1.rowCount } }

    /// How many of a segment's rows, from its first on, are in some layer.
    func coveredRowCount(slot: Int, serial: UInt64) -> Int {
        var covered = 0
        for layer in layers {
            for item in layer.coverage where item.slot == slot && item.serial == serial {
                covered = max(covered, item.endRow)
            }
        }
        return covered
    }
}

/// A layer with, for each slot, the segment of one publication that has the rows it names.
struct LayerView: Sendable {
    let layer: CoarseLayer
    /// By slot: an index into the view's segments, or -1 where the segment is gone or another has its slot.
    private let segmentIndices: SharedBuffer<Int32>

    init(_ layer: CoarseLayer, segments: [SegmentView], segmentIndexBySlot: [Int: Int]) {
        self.layer = layer
        let indices = SharedBuffer<Int32>(capacity: (layer.coverage.map(\.slot).max() ?? -1) + 1)
        for slot in 0 ..< indices.capacity { unsafe indices.base[slot] = -1 }
        for item in layer.coverage {
            guard let index = segmentIndexBySlot[item.slot], segments[index].serial == item.serial else { continue }
            unsafe indices.base[item.slot] = Int32(index)
        }
        segmentIndices = indices
    }

    var access: LayerAccess { LayerAccess(self, segmentIndices: segmentIndices) }

    @inline(__always)
    func segmentIndex(ofSlot slot: Int) -> Int? {
        let index = segmentIndices[slot]
        return index < 0 ? nil : Int(index)
    }
}

/// What a search reads of a layer, as `SegmentAccess` is of a segment.
@safe struct LayerAccess: @unchecked Sendable {
    // Memory of the layer's buffers, which nobody writes.
    let starts: UnsafePointer<UInt32>
    let places: UnsafePointer<UInt32>
    let segmentIndices: UnsafePointer<Int32>
    let rows: kz_coarse_rows

    fileprivate init(_ view: LayerView, segmentIndices: SharedBuffer<Int32>) {
        let layer = view.layer
        unsafe starts = UnsafePointer(layer.starts.base)
        unsafe places = UnsafePointer(layer.places.base)
        unsafe self.segmentIndices = UnsafePointer(segmentIndices.base)
        unsafe rows = kz_coarse_rows(
            codes: layer.codes.base, factors: layer.factors.base, errors: layer.errors.base,
            biases: layer.biases.map { unsafe UnsafePointer($0.base) }, byteCount: layer.byteCount)
    }

    /// Asks for what a scan of a list will read first.
    @inline(__always)
    func prefetch(list: Int) {
        let first = unsafe Int(starts[list]), end = unsafe Int(starts[list + 1])
        guard first < end else { return }
        let byteCount = unsafe rows.byteCount, block = first / Int(KZ_COARSE_BLOCK_ROWS) * Int(KZ_COARSE_BLOCK_ROWS)
        // Beyond the first, the processor has seen by itself where the reading goes.
        unsafe kz_scan_prefetch_row(rows.codes + block * byteCount, min((end - block) * byteCount, 1_024))
        unsafe kz_scan_prefetch_row(
            UnsafeRawPointer(rows.factors + block).assumingMemoryBound(to: UInt8.self), min(4 * (end - block), 128))
        unsafe kz_scan_prefetch_row(
            UnsafeRawPointer(rows.errors + block).assumingMemoryBound(to: UInt8.self), min(4 * (end - block), 128))
    }
}

/// An arrangement as the searches of one publication use it.
struct ArrangementView: Sendable {
    let arrangement: Arrangement
    let layers: [LayerView]
    /// For each layer.
    let access: [LayerAccess]
    /// For each list its rows in all layers, dead ones included.
    let listRowCounts: [UInt32]
    let largestListRowCount: Int
    /// For each segment of the view, the rows from which on no layer has them.
    let firstRestRows: [Int]
    let restRowCount: Int
    /// Rows in all lists, dead ones included.
    let rowCount: Int

    init(_ arrangement: Arrangement, segments: [SegmentView]) {
        self.arrangement = arrangement
        let bySlot = Dictionary(segments.enumerated().map { ($1.slot, $0) }, uniquingKeysWith: { first, _ in first })
        layers = arrangement.layers.map { LayerView($0, segments: segments, segmentIndexBySlot: bySlot) }
        access = layers.map(\.access)
        var counts = Array(repeating: UInt32(0), count: arrangement.partitioning.listCount)
        for layer in arrangement.layers {
            for list in counts.indices { counts[list] += layer.starts[list + 1] - layer.starts[list] }
        }
        listRowCounts = counts
        largestListRowCount = Int(counts.max() ?? 0)
        firstRestRows = segments.map {
            min($0.rowCount, arrangement.coveredRowCount(slot: $0.slot, serial: $0.serial))
        }
        rowCount = counts.reduce(0) { $0 + Int($1) }
        restRowCount = zip(segments, firstRestRows).reduce(0) { $0 + $1.0.rowCount - $1.1 }
    }

    /// For each list, how many of its rows satisfy a filter, dead ones included.
    func listRowCounts(in rows: FilteredRows) -> [UInt32] {
        var counts = Array(repeating: UInt32(0), count: listRowCounts.count)
        for layer in layers {
            for list in counts.indices {
                var count: UInt32 = 0
                for row in layer.layer.starts[list] ..< layer.layer.starts[list + 1] {
                    let place = layer.layer.places[Int(row)]
                    guard let segment = layer.segmentIndex(ofSlot: Int(place >> 16)) else { continue }
                    count += rows.contains(Int(place & 0xffff), ofSegment: segment) ? 1 : 0
                }
                counts[list] += count
            }
        }
        return counts
    }
}
