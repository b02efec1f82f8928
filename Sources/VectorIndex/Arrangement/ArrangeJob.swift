/// What is being done to the arrangement of one index: a state machine that is stepped from outside and blocks nobody.
///
/// Every step works on a view that was published, so it needs no lock of the index; what it makes is published when it
/// is done, and until then searches use what there was.
struct ArrangeJob {
    /// With fewer live rows, comparing all of them is as fast.
    static let rowCountMinimum = 4_096
    /// So many rows that no layer has are made into one.
    private static let restRowCountMinimum = 512
    /// A partitioning made for a third of the rows, or for four times as many, is made anew.
    private static let growthLimit = 3, shrinkageLimit = 4

    private enum State {
        case idle
        case training(PartitioningTrainer)
        /// The first layer of a new partitioning.
        case sorting(LayerBuilder, Partitioning, IndexView)
        case calibrating(Calibrator, Partitioning, CoarseLayer)
        /// One more layer for the arrangement.
        case adding(LayerBuilder, Arrangement)
        /// Layers from this index on are being made into one.
        case merging(LayerMerger, from: Int, Arrangement)
    }

    enum Outcome {
        case nothingToDo
        case unfinished
        /// To be published; nil if the index is to have none.
        case made(Arrangement?)
    }

    private let configuration: VectorIndexConfiguration
    private var state = State.idle
    private var madeCount: UInt64

    /// - Parameter madeCount: The largest serial of the arrangements that the index has had.
    init(_ configuration: VectorIndexConfiguration, madeCount: UInt64 = 0) {
        self.configuration = configuration
        self.madeCount = madeCount
    }

    /// Does a step of about `rowBudget` rows; the last of a new partitioning pass over all rows instead.
    /// - Parameter view: What is published now.
    mutating func step(view: IndexView, rowBudget: Int) -> Outcome {
        switch state {
        case .idle: return begin(view)
        case .training(let trainer):
            if let partitioning = trainer.step(rowBudget: rowBudget) {
                let builder = LayerBuilder(
                    partitioning: partitioning, sources: Self.sources(view, firstRows: nil),
                    rowStride: configuration.rowStride)
                state = .sorting(builder, partitioning, view)
            }
        case .sorting(let builder, let partitioning, let sorted):
            if let layer = builder.step(rowBudget: rowBudget) {
                let calibrator = Calibrator(
                    view: sorted, partitioning: partitioning, layer: layer, configuration: configuration)
                state = .calibrating(calibrator, partitioning, layer)
            }
        case .calibrating(let calibrator, let partitioning, let layer):
            if let calibration = calibrator.step() {
                state = .idle
                madeCount += 1
                return .made(
                    Arrangement(
                        serial: madeCount, partitioning: partitioning, calibration: calibration, layers: [layer]))
            }
        case .adding(let builder, let arrangement):
            if let layer = builder.step(rowBudget: rowBudget) {
                state = .idle
                return made(arrangement, from: arrangement.layers.count, with: layer)
            }
        case .merging(let merger, let first, let arrangement):
            if let layer = merger.step(rowBudget: rowBudget) {
                state = .idle
                return made(arrangement, from: first, with: layer)
            }
        }
        return .unfinished
    }

    private mutating func begin(_ view: IndexView) -> Outcome {
        let rowCount = view.liveRowCount
        guard let arranged = view.arrangement else {
            guard rowCount >= Self.rowCountMinimum else { return .nothingToDo }
            return train(view)
        }
        let arrangement = arranged.arrangement
        let trainedRowCount = arrangement.partitioning.trainedRowCount
        if rowCount * 4 < Self.rowCountMinimum { return .made(nil) }
        if rowCount >= Self.rowCountMinimum,
            rowCount >= trainedRowCount * Self.growthLimit || rowCount * Self.shrinkageLimit <= trainedRowCount
        {
            return train(view)
        }
        if arranged.restRowCount >= Self.restRowCountMinimum {
            let builder = LayerBuilder(
                partitioning: arrangement.partitioning,
                sources: Self.sources(view, firstRows: arranged.firstRestRows), rowStride: configuration.rowStride)
            state = .adding(builder, arrangement)
            return .unfinished
        }
        guard let first = firstLayerToMerge(arranged, liveRowCount: rowCount) else { return .nothingToDo }
        let merger = LayerMerger(
            layers: Array(arranged.layers[first...]), view: view, listCount: arrangement.partitioning.listCount)
        state = .merging(merger, from: first, arrangement)
        return .unfinished
    }

    private mutating func train(_ view: IndexView) -> Outcome {
        state = .training(
            PartitioningTrainer(
                view: view, dimension: configuration.dimension, rowStride: configuration.rowStride))
        return .unfinished
    }

    private func firstLayerToMerge(_ arranged: ArrangementView, liveRowCount: Int) -> Int? {
        let counts = arranged.layers.map(\.layer.rowCount)
        let rowCount = counts.reduce(0, +)
        // A quarter of what the layers hold is dead, even if all other rows were alive.
        let liveRowCountAtLeast = max(0, liveRowCount - arranged.restRowCount)
        if rowCount - liveRowCountAtLeast > max(arranged.restRowCount + 1_024, rowCount / 4) { return 0 }
        var rest = rowCount
        for (index, count) in counts.enumerated() {
            rest -= count
            if rest > 0, count < rest * Arrangement.layerRatio { return index }
        }
        return nil
    }

    private static func sources(_ view: IndexView, firstRows: [Int]?) -> [LayerBuilder.Source] {
        view.segments.enumerated().compactMap { index, segment in
            let first = firstRows?[index] ?? 0
            return first < segment.rowCount ? LayerBuilder.Source(segment: segment, rows: first ..< segment.rowCount) : nil
        }
    }

    /// An arrangement of the same partitioning, with one layer in place of those from an index on.
    private mutating func made(_ arrangement: Arrangement, from first: Int, with layer: CoarseLayer) -> Outcome {
        madeCount += 1
        return .made(
            Arrangement(
                serial: madeCount, partitioning: arrangement.partitioning, calibration: arrangement.calibration,
                layers: arrangement.layers[..<first] + [layer]))
    }
}
