/// How a query is answered: by comparing all rows, or through the lists of the arrangement.
enum SearchPlan: Sendable {
    case scan
    case probe(ProbePass.Plan)

    /// Times in nanoseconds that decide between the two: only their ratios matter. One row of 384 bytes in a scan, one
    /// row's coarse code of 48 bytes, and one list's centroid.
    private static let scannedRowCost = 14.0, coarseRowCost = 2.2, listCost = 9.0
    /// With a filter the rows wanted may lie less evenly than the sample that was measured.
    private static let filteredRecallMinimum: Float = 0.985
    /// And where those that satisfy it are far from the query, the best hardly differ, so that each is as easily left
    /// out as a normal error says: one in seventy at this many deviations.
    private static let filteredDeviationMinimum: Float = 2.2

    init(_ query: PreparedQuery, view: IndexView, filteredRows: FilteredRows?) {
        guard let arranged = view.arrangement, !query.isExact else {
            self = .scan
            return
        }
        let arrangement = arranged.arrangement
        let rowCount = arranged.rowCount
        let matchedRowCount = filteredRows?.matchedRowCount ?? view.liveRowCount
        // Among the rows without the filter, the last wanted one is so many times deeper.
        let depth = Double(query.resultLimit) * Double(rowCount) / Double(max(1, matchedRowCount))
        guard matchedRowCount > 0, depth * 20 < Double(rowCount) else {
            self = .scan
            return
        }
        let target = filteredRows == nil ? query.recallTarget : max(query.recallTarget, Self.filteredRecallMinimum)
        let share = arrangement.calibration.share(target: target, neighbourCount: depth)
        let size = Double(query.vector.count) / 384
        let probeCost = (Double(share) * Double(rowCount) * Self.coarseRowCost
            + Double(arrangement.partitioning.listCount) * Self.listCost) * size
        guard probeCost < Double(matchedRowCount) * Self.scannedRowCost * size else {
            self = .scan
            return
        }
        var rowCounts = arranged.listRowCounts
        if let filter = query.filter, let filteredRows {
            rowCounts = view.listRowCounts(arranged, filter: filter, rows: filteredRows)
        }
        var plan = ProbePass.Plan(
            target: target, resultLimit: query.resultLimit, depth: depth,
            deviationCountMinimum: filteredRows == nil ? 0 : Self.filteredDeviationMinimum, listRowCounts: rowCounts,
            calibration: arrangement.calibration)
        // No search with a filter was tried out: what it visits beyond the request's target is not counted on.
        plan.estimatedRecall = arrangement.calibration.expectedRecall(target: query.recallTarget, neighbourCount: depth)
        self = .probe(plan)
    }
}

extension Calibration {
    /// Of what may be missed, lists left out may take nine tenths and bounds too low one: a wider bound costs a few more
    /// rows compared, a list more a whole list read.
    private static let shareOfLists: Float = 0.9

    /// The share of all rows to visit for a recall target.
    func share(target: Float, neighbourCount: Double) -> Float {
        share(recall: 1 - (1 - target) * Self.shareOfLists, neighbourCount: neighbourCount)
    }

    /// The share of the nearest rows that bounds may leave out.
    fileprivate static func shareLeftOutByBounds(target: Float) -> Float { (1 - target) * (1 - shareOfLists) }
}

extension ProbePass.Plan {
    /// - Parameters:
    ///   - depth: Among all rows the last one wanted is about so far down.
    ///   - listRowCounts: For each list the rows that count.
    init(
        target: Float, resultLimit: Int, depth: Double, deviationCountMinimum: Float, listRowCounts: [UInt32],
        calibration: Calibration
    ) {
        let wantedRowCount = listRowCounts.reduce(0) { $0 + Int($1) }
        let share = calibration.share(target: target, neighbourCount: depth)
        self.init(
            listRowCounts: listRowCounts, rowBudget: max(Int(share * Float(wantedRowCount)), resultLimit),
            deviationCount: max(
                Self.deviations(missedShare: Calibration.shareLeftOutByBounds(target: target)), deviationCountMinimum),
            estimatedRecall: calibration.expectedRecall(target: target, neighbourCount: depth))
    }

    /// Deviations that a bound must allow for, so that no more than a share of the nearest rows is left out.
    ///
    /// Measured over text embeddings; far fewer than a normal error would need, since most of the rows searched for
    /// are better than the bound by more than nothing.
    private static func deviations(missedShare: Float) -> Float {
        let measured: [(missedShare: Float, deviations: Float)] = [
            (0.022, 0.3), (0.0135, 0.6), (0.0078, 1), (0.0035, 1.5), (0.0018, 1.9), (0.0006, 2.5), (0.0001, 3.2),
        ]
        guard missedShare < measured[0].missedShare else { return measured[0].deviations }
        for (upper, lower) in zip(measured, measured.dropFirst()) where missedShare >= lower.missedShare {
            let position = (upper.missedShare - missedShare) / (upper.missedShare - lower.missedShare)
            return upper.deviations + position * (lower.deviations - upper.deviations)
        }
        return measured[measured.count - 1].deviations
    }
}
