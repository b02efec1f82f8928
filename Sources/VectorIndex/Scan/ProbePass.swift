import CKernels

/// A search through the lists of an arrangement: the lists nearest to the query are scanned by their coarse codes, and
/// rows whose bound reaches the best found so far are compared by their int8 codes.
struct ProbePass: Sendable {
    /// Rows compared at a time: enough that the memory they are in is asked for well before it is read.
    private static let pendingLimit = 32

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
        let lists = keys.lists(
            ofQuery: queryIndex, rowBudget: plan.rowBudget, rowCounts: arranged.listRowCounts)
        var probe = Probe(
            view: view, arranged: arranged, query: query, plan: plan, kernels: kernels, filteredRows: filteredRows,
            hitCapacity: Probe.hitCapacity(for: query.resultLimit, lists: lists, rowCounts: arranged.listRowCounts))
        for list in lists { probe.visit(list: Int(list), product: keys.product(ofQuery: queryIndex, list: Int(list))) }
        probe.finishLists()
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
