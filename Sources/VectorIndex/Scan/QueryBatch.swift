/// Up to eight queries over one view, each with its plan.
struct QueryBatch: Sendable {
    let view: IndexView
    let queries: [PreparedQuery]
    private let kernels: KernelSet
    private let filteredRows: [FilteredRows?]
    /// Indices of the queries that compare all rows.
    let scanned: [Int]
    private let probed: [(index: Int, plan: ProbePass.Plan)]

    init(view: IndexView, queries: [PreparedQuery], kernels: KernelSet = .best) {
        precondition(!queries.isEmpty && queries.count <= ScanPass.queryLimit, "1 to 8 queries a batch")
        self.view = view
        self.queries = queries
        self.kernels = kernels
        filteredRows = queries.map { $0.filter.map(view.rows(satisfying:)) }
        var scanned: [Int] = [], probed: [(index: Int, plan: ProbePass.Plan)] = []
        for (index, query) in queries.enumerated() {
            switch SearchPlan(query, view: view, filteredRows: filteredRows[index]) {
            case .scan: scanned.append(index)
            case .probe(let plan): probed.append((index, plan))
            }
        }
        self.scanned = scanned
        self.probed = probed
    }

    /// The pass over all rows for the queries that want it; nil when none does.
    func scanPass() -> ScanPass? {
        guard !scanned.isEmpty else { return nil }
        return ScanPass(
            view: view, queries: scanned.map { queries[$0] }, filteredRows: scanned.map { filteredRows[$0] },
            kernels: kernels)
    }

    /// Answers the other queries, one after the other.
    func probe(_ completion: (_ queryIndex: Int, SearchResult) -> Void) {
        guard !probed.isEmpty else { return }
        let pass = ProbePass(view: view, kernels: kernels)
        let keys = pass.listKeys(probed.map { queries[$0.index] })
        for (position, item) in probed.enumerated() {
            completion(
                item.index,
                pass.search(
                    queries[item.index], plan: item.plan, keys: keys, queryIndex: position,
                    filteredRows: filteredRows[item.index]))
        }
    }

    /// One for each query.
    func results() -> [SearchResult] {
        var results: [SearchResult?] = Array(repeating: nil, count: queries.count)
        probe { results[$0] = $1 }
        if let pass = scanPass() {
            for (index, result) in zip(scanned, pass.finish(pass.scan(words: 0 ..< view.wordCount))) {
                results[index] = result
            }
        }
        return results.compactMap { $0 }
    }
}
