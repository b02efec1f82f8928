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
        // Of what may be missed, lists left out may take nine tenths and bounds too low one: a wider bound costs a few
        // more rows compared, a list more a whole list read.
        let share = arrangement.calibration.share(recall: 1 - (1 - target) * 0.9, neighbourCount: depth)
        let size = Double(query.vector.count) / 384
        let probeCost = (Double(share) * Double(rowCount) * Self.coarseRowCost
            + Double(arrangement.partitioning.listCount) * Self.listCost) * size
        guard probeCost < Double(matchedRowCount) * Self.scannedRowCost * size else {
            self = .scan
            return
        }
        var deviations = Self.deviations(missedShare: (1 - target) * 0.1)
        if filteredRows != nil { deviations = max(deviations, Self.filteredDeviationMinimum) }
        var rowCounts = arranged.listRowCounts
        if let filter = query.filter, let filteredRows {
            rowCounts = view.listRowCounts(arranged, filter: filter, rows: filteredRows)
        }
        let wantedRowCount = rowCounts.reduce(0) { $0 + Int($1) }
        self = .probe(
            ProbePass.Plan(
                listRowCounts: rowCounts, rowBudget: max(Int(share * Float(wantedRowCount)), query.resultLimit),
                deviationCount: deviations, estimatedRecall: target))
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
