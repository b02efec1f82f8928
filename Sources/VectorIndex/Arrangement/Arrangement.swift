/// The rows of an index sorted into lists, as far as that has been done: an immutable value that is replaced whole.
///
/// Rows that are in no layer are scanned one by one. Layers come in falling sizes, each at least four times the next, so
/// there are few of them and a row is copied to another layer few times in its life.
final class Arrangement: Sendable {
    /// How much larger a layer is than the one after it.
    static let layerRatio = 4

    let partitioning: Partitioning
    let calibration: Calibration
    let layers: [CoarseLayer]

    init(partitioning: Partitioning, calibration: Calibration, layers: [CoarseLayer]) {
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
    private let segmentIndices: [Int32]

    init(_ layer: CoarseLayer, segments: [SegmentView], segmentIndexBySlot: [Int: Int]) {
        self.layer = layer
        var indices = Array(repeating: Int32(-1), count: (layer.coverage.map(\.slot).max() ?? -1) + 1)
        for item in layer.coverage {
            guard let index = segmentIndexBySlot[item.slot], segments[index].serial == item.serial else { continue }
            indices[item.slot] = Int32(index)
        }
        segmentIndices = indices
    }

    @inline(__always)
    func segmentIndex(ofSlot slot: Int) -> Int? {
        let index = segmentIndices[slot]
        return index < 0 ? nil : Int(index)
    }
}

/// An arrangement as the searches of one publication use it.
struct ArrangementView: Sendable {
    let arrangement: Arrangement
    let layers: [LayerView]
    /// For each list its rows in all layers, dead ones included.
    let listRowCounts: [UInt32]
    /// For each segment of the view, the rows from which on no layer has them.
    let firstRestRows: [Int]
    let restRowCount: Int

    init(_ arrangement: Arrangement, segments: [SegmentView]) {
        self.arrangement = arrangement
        let bySlot = Dictionary(segments.enumerated().map { ($1.slot, $0) }, uniquingKeysWith: { first, _ in first })
        layers = arrangement.layers.map { LayerView($0, segments: segments, segmentIndexBySlot: bySlot) }
        var counts = Array(repeating: UInt32(0), count: arrangement.partitioning.listCount)
        for layer in arrangement.layers {
            for list in counts.indices { counts[list] += layer.starts[list + 1] - layer.starts[list] }
        }
        listRowCounts = counts
        firstRestRows = segments.map {
            min($0.rowCount, arrangement.coveredRowCount(slot: $0.slot, serial: $0.serial))
        }
        restRowCount = zip(segments, firstRestRows).reduce(0) { $0 + $1.0.rowCount - $1.1 }
    }
}
