import CKernels

/// Measures a new partitioning: searches for a sample of the rows themselves, all rows compared, and notes how far down
/// the lists the nearest were. Then it tries the outcome out with rows that were held out. A bounded step at a time.
final class Calibrator {
    /// Of two sampled rows one sets how far a search goes; the other tells what it finds so. Of queries that find a quarter
    /// more or less than others, 128 give their mean to a fiftieth.
    private static let queryCount = 256, heldOutInterval = 2
    /// Rows whose keys are compared with their lists', for each query.
    private static let deviationRowCount = 256

    private let view: IndexView
    private let partitioning: Partitioning
    private let layer: CoarseLayer
    private let configuration: VectorIndexConfiguration
    private let listRowCounts: [UInt32]
    /// For each segment of the view, the list of each of its rows; -1 for those that are in none.
    private let listOfRow: [[Int32]]
    private let neighbourCounts: [Int]
    private var samples: [(segmentIndex: Int, row: Int)]
    private var visitedShares: [[Float]]
    private var squareSum = 0.0, squareCount = 0
    private var heldOutSamples: [(segmentIndex: Int, row: Int)]
    private var trial: RecallTrial?

    /// - Parameter layer: Made of `view` by `partitioning`.
    init(view: IndexView, partitioning: Partitioning, layer: CoarseLayer, configuration: VectorIndexConfiguration) {
        self.view = view
        self.partitioning = partitioning
        self.layer = layer
        self.configuration = configuration
        let slots = Dictionary(
            view.segments.enumerated().map { ($1.slot, $0) }, uniquingKeysWith: { first, _ in first })
        var listOfRow = view.segments.map { Array(repeating: Int32(-1), count: $0.rowCount) }
        var counts: [UInt32] = []
        for list in 0 ..< partitioning.listCount {
            let first = layer.starts[list], end = layer.starts[list + 1]
            counts.append(end - first)
            for index in first ..< end {
                let place = layer.places[Int(index)]
                if let segment = slots[Int(place >> 16)] { listOfRow[segment][Int(place & 0xffff)] = Int32(list) }
            }
        }
        self.listOfRow = listOfRow
        listRowCounts = counts
        // Deeper than a twentieth of the rows a search compares all of them.
        neighbourCounts = Calibration.neighbourCounts.filter { $0 == Calibration.neighbourCounts[0] || $0 * 20 <= layer.rowCount }
        visitedShares = Calibration.neighbourCounts.map { _ in [] }
        let all = Self.samples(view)
        samples = all.enumerated().filter { $0.offset % Self.heldOutInterval > 0 }.map(\.element)
        heldOutSamples = all.enumerated().filter { $0.offset % Self.heldOutInterval == 0 }.map(\.element)
    }

    private static func samples(_ view: IndexView) -> [(segmentIndex: Int, row: Int)] {
        var samples: [(segmentIndex: Int, row: Int)] = []
        let count = min(queryCount, view.liveRowCount)
        var seen = 0
        for (index, segment) in view.segments.enumerated() {
            for row in 0 ..< segment.rowCount where segment.isLive(row) {
                // The middle of each of `count` equal parts.
                if samples.count < count, (2 * samples.count + 1) * view.liveRowCount <= 2 * seen * count + count {
                    samples.append((index, row))
                }
                seen += 1
            }
        }
        return samples
    }

    /// Does a step, one pass over all rows; returns the calibration when it was the last.
    func step() -> Calibration? {
        if let trial { return step(trial) }
        let chosen = samples.suffix(ScanPass.queryLimit)
        samples.removeLast(chosen.count)
        let (queries, ownRows) = queries(chosen)
        if !queries.isEmpty { measure(queries, ownRows: ownRows) }
        guard samples.isEmpty else { return nil }
        var calibration = Calibration(visitedShares: visitedShares.map { $0.sorted() })
        calibration.deviation = Float((squareSum / Double(max(1, squareCount))).squareRoot())
        trial = RecallTrial(
            view: view, partitioning: partitioning, layer: layer, calibration: calibration,
            neighbourCounts: neighbourCounts)
        return nil
    }

    private func step(_ trial: RecallTrial) -> Calibration? {
        let chosen = heldOutSamples.suffix(ScanPass.queryLimit)
        heldOutSamples.removeLast(chosen.count)
        let (queries, ownRows) = queries(chosen)
        if !queries.isEmpty { trial.measure(queries, ownRows: ownRows) }
        return heldOutSamples.isEmpty ? trial.outcome : nil
    }

    private func queries(
        _ samples: ArraySlice<(segmentIndex: Int, row: Int)>
    ) -> (queries: [PreparedQuery], ownRows: [(segmentIndex: Int, row: Int)]) {
        var queries: [PreparedQuery] = [], ownRows: [(segmentIndex: Int, row: Int)] = []
        for sample in samples {
            if let query = query(sample) {
                queries.append(query)
                ownRows.append(sample)
            }
        }
        return (queries, ownRows)
    }

    private func query(_ sample: (segmentIndex: Int, row: Int)) -> PreparedQuery? {
        let codes = view.segments[sample.segmentIndex].codes
        var vector = Array(repeating: Float(0), count: configuration.rowStride)
        unsafe kz_scan_decode_row(codes.codes(ofRow: sample.row), codes.scales[sample.row], &vector, vector.count)
        // One more than asked for: the row itself.
        let limit = (neighbourCounts.last ?? 0) + 1
        let request = SearchRequest(vector: Array(vector.prefix(configuration.dimension)), resultLimit: limit)
        return try? PreparedQuery(request, configuration: configuration)
    }

    private func measure(_ queries: [PreparedQuery], ownRows: [(segmentIndex: Int, row: Int)]) {
        let pass = ScanPass(view: view, queries: queries)
        let partials = pass.scan(words: 0 ..< view.wordCount)
        let keys = ListKeys(queries, partitioning: partitioning, kernels: .best)
        let rowCount = Float(max(1, listRowCounts.reduce(0) { $0 + Int($1) }))
        for (index, partial) in partials.enumerated() {
            measureDeviations(of: queries[index], keys: keys, queryIndex: index)
            var shares = Array(repeating: Float(1), count: partitioning.listCount)
            var visited = 0
            for list in keys.lists(ofQuery: index, rowBudget: .max, rowCounts: listRowCounts) {
                visited += Int(listRowCounts[Int(list)])
                shares[Int(list)] = Float(visited) / rowCount
            }
            let own = ownRows[index]
            let nearest = partial.top.heap.sorted { $0.isBetter(than: $1) }
                .filter { Int($0.segmentIndex) != own.segmentIndex || Int($0.row) != own.row }
            for (depth, count) in neighbourCounts.enumerated() {
                for candidate in nearest.prefix(count) {
                    let list = listOfRow[Int(candidate.segmentIndex)][Int(candidate.row)]
                    // A row that came to life after the layer was begun is in no list.
                    if list >= 0 { visitedShares[depth].append(shares[Int(list)]) }
                }
            }
        }
    }

    /// Of some rows of every part of the index, most of them far from the query.
    private func measureDeviations(of query: PreparedQuery, keys: ListKeys, queryIndex: Int) {
        let stride = max(1, view.liveRowCount / Self.deviationRowCount)
        // Another place for each query.
        var next = samples.count * 7 % stride
        for (segmentIndex, segment) in view.segments.enumerated() {
            while next < segment.rowCount {
                let list = Int(listOfRow[segmentIndex][next])
                if list >= 0, partitioning.spreads[list] > 0 {
                    let key = query.key(of: segment.codes, row: next)
                    let unit = query.norm * partitioning.spreads[list]
                    let deviation = Double((key - keys.centroidKey(ofQuery: queryIndex, list: list, unit: unit)) / unit)
                    squareSum += deviation * deviation
                    squareCount += 1
                }
                next += stride
            }
            next -= segment.rowCount
        }
    }
}
