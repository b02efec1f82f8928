/// Makes one layer of several of the same partitioning, without the rows that have died, a bounded step at a time.
final class LayerMerger {
    private let layers: [LayerView]
    private let view: IndexView
    private let listCount: Int
    private var nextList = 0
    /// Rows to take, as indices into their layers: those of list 0 of the first layer, of the second …, of list 1 …
    private var rows: [(layer: UInt32, row: UInt32)] = []
    private var starts: [UInt32] = []
    private var merged: CoarseLayer?
    private var copied = 0

    /// - Parameter layers: Of `view`.
    init(layers: [LayerView], view: IndexView, listCount: Int) {
        self.layers = layers
        self.view = view
        self.listCount = listCount
    }

    /// Does a step of about `rowBudget` rows; returns the layer when it was the last.
    func step(rowBudget: Int) -> CoarseLayer? {
        guard let merged else {
            gather(rowBudget: rowBudget)
            if nextList == listCount { begin() }
            return nil
        }
        let end = min(rows.count, copied + max(1, rowBudget))
        while copied < end {
            let (layer, row) = rows[copied]
            merged.copy(row: Int(row), of: layers[Int(layer)].layer, to: copied)
            copied += 1
        }
        return copied == rows.count ? merged : nil
    }

    private func gather(rowBudget: Int) {
        var remaining = max(1, rowBudget)
        while remaining > 0, nextList < listCount {
            starts.append(UInt32(rows.count))
            for (index, layer) in layers.enumerated() {
                let first = layer.layer.starts[nextList], end = layer.layer.starts[nextList + 1]
                for row in first ..< end {
                    let place = layer.layer.places[Int(row)]
                    if view.isLive(place, of: layer) { rows.append((UInt32(index), row)) }
                }
                remaining -= Int(end - first)
            }
            nextList += 1
            remaining -= 1
        }
    }

    private func begin() {
        starts.append(UInt32(rows.count))
        // A segment that is in several layers: the last says how far.
        var coverage: [CoarseLayer.Coverage] = []
        for layer in layers {
            for item in layer.layer.coverage where layer.segmentIndex(ofSlot: item.slot) != nil {
                coverage.removeAll { $0.slot == item.slot && $0.serial == item.serial }
                coverage.append(item)
            }
        }
        let first = layers[0].layer
        let merged = CoarseLayer(
            coverage: coverage, rowCount: rows.count, listCount: listCount, byteCount: first.byteCount,
            hasBiases: first.biases != nil)
        for (list, start) in starts.enumerated() { unsafe merged.starts.base[list] = start }
        self.merged = merged
    }
}
