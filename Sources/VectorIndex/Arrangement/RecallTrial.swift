/// Searches through a new arrangement as they will be done, for rows that had no say in how far they go, and what they
/// find of the true nearest rows: for each depth and recall target of a calibration.
final class RecallTrial {
    private let calibration: Calibration
    private let neighbourCounts: [Int]
    /// The rows that were arranged, searched through lists.
    private let view: IndexView
    /// `depth * targets.count + target`: neighbours found.
    private var foundCounts: [Int]
    /// For each depth.
    private var wantedCounts: [Int]
    /// Where a thousand neighbours are looked for, a few queries tell as much as many that look for ten.
    private static let deepNeighbourCount = 1_000, deepQueryInterval = 4

    /// - Parameters:
    ///   - view: What `layer` was made of.
    ///   - neighbourCounts: The first of `Calibration.neighbourCounts` that are worth measuring over so many rows.
    init(
        view: IndexView, partitioning: Partitioning, layer: CoarseLayer, calibration: Calibration, neighbourCounts: [Int]
    ) {
        self.calibration = calibration
        self.neighbourCounts = neighbourCounts
        // Never published: its serial is nobody's.
        self.view = IndexView(
            segments: view.segments, statistics: view.statistics,
            arrangement: Arrangement(serial: 0, partitioning: partitioning, calibration: calibration, layers: [layer]))
        foundCounts = Array(repeating: 0, count: neighbourCounts.count * Calibration.targets.count)
        wantedCounts = Array(repeating: 0, count: neighbourCounts.count)
    }

    /// - Parameters:
    ///   - queries: 1 to 8 of rows, for one neighbour more than the greatest depth.
    ///   - ownRows: The row that each query is made of.
    func measure(_ queries: [PreparedQuery], ownRows: [(segmentIndex: Int, row: Int)]) {
        guard let arranged = view.arrangement else { return }
        let exact = ScanPass(view: view, queries: queries)
        let probe = ProbePass(view: view)
        let keys = probe.listKeys(queries)
        for (index, nearest) in exact.finish(exact.scan(words: 0 ..< view.wordCount)).enumerated() {
            let ownID = view.segments[ownRows[index].segmentIndex].ids[ownRows[index].row]
            for (depth, neighbourCount) in neighbourCounts.enumerated()
            where neighbourCount < Self.deepNeighbourCount || index.isMultiple(of: Self.deepQueryInterval) {
                let scores = Self.scores(of: nearest, except: ownID).prefix(neighbourCount)
                guard let leastScore = scores.last else { continue }
                wantedCounts[depth] += scores.count
                var query = queries[index]
                query.resultLimit = neighbourCount + 1
                for (targetIndex, target) in Calibration.targets.enumerated() {
                    let plan = ProbePass.Plan(
                        target: target, resultLimit: query.resultLimit, depth: Double(neighbourCount),
                        deviationCountMinimum: 0, listRowCounts: arranged.listRowCounts, calibration: calibration)
                    let result = probe.search(query, plan: plan, keys: keys, queryIndex: index, filteredRows: nil)
                    // By score, so that of rows that are equally near any will do.
                    let found = Self.scores(of: result, except: ownID).prefix(neighbourCount).count { $0 >= leastScore }
                    foundCounts[depth * Calibration.targets.count + targetIndex] += found
                }
            }
        }
    }

    private static func scores(of result: SearchResult, except id: UInt64) -> [Float] {
        zip(result.ids, result.scores).filter { $0.0 != id }.map(\.1)
    }

    /// The calibration with what was measured.
    var outcome: Calibration {
        var outcome = calibration
        for depth in neighbourCounts.indices where wantedCounts[depth] > 0 {
            let first = depth * Calibration.targets.count
            // Laplace's rule of succession: nothing is certain after so many trials.
            outcome.measuredRecalls[depth] = foundCounts[first ..< first + Calibration.targets.count].map {
                Float($0 + 1) / Float(wantedCounts[depth] + 2)
            }
        }
        return outcome
    }
}
