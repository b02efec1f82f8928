import CKernels

/// A search through the lists of an arrangement: the lists nearest to the query are scanned by their coarse codes, and
/// rows whose bound reaches the best found so far are compared by their int8 codes.
struct ProbePass: Sendable {
    /// How far above its centroid's key a list's best row may be: so many deviations, and no less than so many spreads.
    private static let reachDeviationCount: Float = 3.5, reachMinimum: Float = 0.45

    let view: IndexView
    let kernels: KernelSet
    private let arranged: ArrangementView

    /// - Parameter view: Has an arrangement.
    init(view: IndexView, kernels: KernelSet = .best) {
        guard let arranged = view.arrangement else { preconditionFailure("a view with an arrangement") }
        self.view = view
        self.kernels = kernels
        self.arranged = arranged
    }

    /// How a query is to be answered: the rows to visit, and how far a coarse bound reaches.
    struct Plan: Sendable {
        /// For each list the rows that count: those that satisfy the filter, where there is one, wherever they are. A
        /// filter that goes with the vectors leaves the lists nearest to the query with few of them or none.
        var listRowCounts: [UInt32]
        var rowBudget: Int
        /// Standard deviations of the estimate's error that the bound allows for.
        var deviationCount: Float
        var estimatedRecall: Float
    }

    func listKeys(_ queries: [PreparedQuery]) -> ListKeys {
        ListKeys(queries, partitioning: arranged.arrangement.partitioning, kernels: kernels)
    }

    /// - Parameters:
    ///   - keys: Of `queries`, of which this is number `queryIndex`.
    ///   - filteredRows: nil without a filter.
    func search(
        _ query: PreparedQuery, plan: Plan, keys: ListKeys, queryIndex: Int, filteredRows: FilteredRows?
    ) -> SearchResult {
        var lists = keys.lists(ofQuery: queryIndex, rowBudget: plan.rowBudget, rowCounts: plan.listRowCounts)
        var probe = Probe(
            view: view, arranged: arranged, query: query, plan: plan, kernels: kernels, filteredRows: filteredRows)
        func visit(from visitedCount: Int) {
            for position in visitedCount ..< max(visitedCount, lists.count) {
                let list = Int(lists[position])
                probe.visit(
                    list: list, product: keys.product(ofQuery: queryIndex, list: list),
                    nextList: position + 1 < lists.count ? Int(lists[position + 1]) : nil)
            }
            probe.finishLists()
        }
        visit(from: 0)
        // Rows that died still count in the lists. More lists are visited until there are as many rows as asked for; with
        // a least score there may be fewer.
        var rowBudget = plan.rowBudget
        while probe.top.heap.count < query.resultLimit, query.minimumScore == nil, rowBudget < arranged.rowCount {
            rowBudget = max(rowBudget, 1) * 4
            let visitedCount = lists.count
            lists = keys.lists(ofQuery: queryIndex, rowBudget: rowBudget, rowCounts: plan.listRowCounts)
            visit(from: visitedCount)
        }
        if filteredRows != nil {
            // Where the rows that satisfy the filter are far from the query, many lists are about as near: all are
            // visited that may hold a row as good as the worst found.
            let reach = max(
                Self.reachMinimum, Self.reachDeviationCount * arranged.arrangement.calibration.deviation)
            let visited = Set(lists)
            let others = keys.lists(
                ofQuery: queryIndex, rowKeyAtLeast: probe.top.threshold, reach: reach, norm: query.norm,
                spreads: arranged.arrangement.partitioning.spreads, rowCounts: plan.listRowCounts)
            for other in others where !visited.contains(Int32(other.list)) {
                // The threshold rises on the way.
                guard other.highestKey >= probe.top.threshold else { break }
                probe.visit(
                    list: other.list, product: keys.product(ofQuery: queryIndex, list: other.list), nextList: nil)
            }
            probe.finishLists()
        }
        return finish(query, probe, plan: plan, filteredRows: filteredRows)
    }

    /// Scans the rows that no list has, scores the best in float, and puts all in order.
    private func finish(
        _ query: PreparedQuery, _ probe: borrowing Probe, plan: Plan, filteredRows: FilteredRows?
    ) -> SearchResult {
        var candidates = probe.top.heap
        var scannedRowCount = probe.scannedRowCount
        if arranged.restRowCount > 0 {
            let pass = ScanPass(
                view: view, queries: [query], filteredRows: [filteredRows], firstRows: arranged.firstRestRows,
                kernels: kernels)
            let rest = pass.scan(words: 0 ..< view.wordCount)[0]
            candidates += rest.top.heap
            scannedRowCount += rest.scannedRowCount
        }
        let best = query.ranked(candidates, in: view)
        return SearchResult(
            ids: best.map { $0.id }, scores: best.map { $0.key }, scannedRowCount: scannedRowCount,
            matchedRowCount: filteredRows?.matchedRowCount ?? view.liveRowCount,
            guarantee: .estimatedRecall(plan.estimatedRecall))
    }
}

extension PreparedQuery {
    /// The best of some candidates, scored with the query in float, best first.
    func ranked(_ candidates: [Candidate], in view: IndexView) -> ArraySlice<Candidate> {
        var hits = candidates.map { candidate in
            var hit = candidate
            hit.key = score(of: view.segments[Int(candidate.segmentIndex)].codes, row: Int(candidate.row))
            return hit
        }
        if let minimumScore { hits.removeAll { $0.key < minimumScore } }
        hits.sort { $0.isBetter(than: $1) }
        return hits.prefix(resultLimit)
    }
}
