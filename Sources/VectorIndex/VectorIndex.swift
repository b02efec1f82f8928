import CKernels
import RecordSchema

/// The rows of one collection in memory, searched by similarity while they change.
///
/// Vectors are kept as int8 codes with a scale for each row; every search scans all codes of the rows its filter lets
/// through. It is a cache of a store elsewhere: it persists nothing, waits for nothing and knows no clock.
///
/// Rows live in segments. One applier at a time appends rows to the last segment and clears the bits of rows that were
/// replaced or deleted; at the end of a batch it publishes a list that never changes. A search takes the list that is
/// current when it begins and holds no lock while it scans, so it sees each batch whole or not at all.
public final class VectorIndex: Sendable {
    public let configuration: VectorIndexConfiguration
    private let writer: Monitor<IndexWriter>
    private let published: Monitor<IndexView>
    private let arranging: Monitor<ArrangeJob>

    public init(_ configuration: VectorIndexConfiguration) {
        self.configuration = configuration
        writer = Monitor(IndexWriter(configuration))
        published = Monitor(IndexView(segments: [], statistics: IndexStatistics()))
        arranging = Monitor(ArrangeJob(configuration))
    }

    /// The index that a snapshot was made of, as far as it was published.
    init(_ configuration: VectorIndexConfiguration, _ content: SnapshotContent) throws(SnapshotError) {
        self.configuration = configuration
        let arrangement = content.arrangement?.made(dimension: configuration.dimension)
        let writer = IndexWriter(configuration)
        try writer.restore(content.segments, arrangement: arrangement)
        published = Monitor(writer.publish())
        arranging = Monitor(ArrangeJob(configuration, madeCount: arrangement?.serial ?? 0))
        self.writer = Monitor(writer)
    }

    /// Applies all rows of a batch, in order, then shows them to the searches that begin afterwards; or throws, and
    /// has changed nothing. Appliers on several threads wait for each other.
    ///
    /// - Complexity: O(rows × `dimension`), and at times the copy of one segment of up to 32 MiB.
    public func apply(_ rows: RowBatch) throws(IndexError) {
        try rows.check(configuration)
        try writer.withLock { writer throws(IndexError) in
            guard writer.liveRowCountAtMost(after: rows) <= configuration.rowLimit else {
                throw .full(rowLimit: configuration.rowLimit)
            }
            _ = writer.apply(rows)
            // A row that dies lets at most three live ones be moved before its segment goes, so this keeps up.
            _ = writer.compact(rowBudget: 1_024 + 4 * rows.rowCount)
            publish(writer)
        }
    }

    /// Applies of a batch what concerns rows that are there: deletes and replacements. Rows of other ids are left out.
    ///
    /// For an index that may not grow: its memory stays what it is, but for rows that wait to be squeezed out.
    ///
    /// - Returns: Rows left out.
    public func applyToHeldRows(_ rows: RowBatch) throws(IndexError) -> Int {
        try rows.check(configuration)
        return writer.withLock { writer in
            let leftOutCount = writer.apply(rows, addsRows: false)
            _ = writer.compact(rowBudget: 1_024 + 4 * rows.rowCount)
            publish(writer)
            return leftOutCount
        }
    }

    /// Squeezes out dead rows where they are a quarter of a segment or more; `apply` does so as well, in passing.
    ///
    /// - Parameter rowLimit: Rows to move at most: a bound on the time it takes, about a microsecond each.
    /// - Returns: Whether more is to be done.
    @discardableResult
    public func compact(rowLimit: Int = 10_000) -> Bool {
        writer.withLock { writer in
            let isUnfinished = writer.compact(rowBudget: max(0, rowLimit))
            publish(writer)
            return isUnfinished
        }
    }

    /// Does a step of sorting rows into lists, so that searches need not compare all of them; rows applied meanwhile are
    /// found as before. To be called again and again, best on a thread of low priority: after a batch, until it returns
    /// false. Blocks neither searches nor `apply`; two callers wait for each other.
    ///
    /// - Parameter rowLimit: Rows to look at, each some 10 to 30 microseconds: a bound on the time it takes. At times a
    ///   step is a pass over all rows.
    /// - Returns: Whether more is to be done.
    @discardableResult
    public func arrange(rowLimit: Int = 1_024) -> Bool {
        arranging.withLock { job in
            switch job.step(view: view, rowBudget: max(1, rowLimit)) {
            case .nothingToDo: return false
            case .unfinished: return true
            case .made(let arrangement):
                writer.withLock { writer in
                    writer.arrangement = arrangement
                    publish(writer)
                }
                return true
            }
        }
    }

    private func publish(_ writer: IndexWriter) {
        let view = writer.publish()
        // The earlier list may be the last holder of large segments: it goes after the lock is released.
        let earlier = published.withLock { current in
            let earlier = current
            current = view
            return earlier
        }
        _ = consume earlier
    }

    public var statistics: IndexStatistics { view.statistics }

    /// Throws what `search` would throw for the request, without searching.
    public func validate(_ request: SearchRequest) throws(IndexError) {
        _ = try prepare(request)
    }

    /// The `resultLimit` rows most similar to the query among those that satisfy its filter.
    ///
    /// Where rows are arranged, those of the lists nearest to the query are looked at, as many lists as the request's
    /// `recallTarget` asks for, and the rows not yet in a list; where they are not, or the filter leaves few, or the
    /// request is exact, all rows are compared. Candidates, some more than asked for, are chosen by products of codes;
    /// they are scored by the query in float against the rows' codes. The result does not depend on which kernel ran,
    /// and that of comparing all rows not on how they lie in segments.
    ///
    /// - Complexity: Comparing all, O(rows × `dimension`); through lists about the square root of that.
    public func search(_ request: SearchRequest) throws(IndexError) -> SearchResult {
        QueryBatch(view: view, queries: [try prepare(request)]).results()[0]
    }

    /// The results of several queries, in their order, each as `search` of it alone would give over the same rows. All
    /// see the same rows; up to eight at a time share a pass over them, or over the lists' centroids.
    public func search(batch requests: [SearchRequest]) -> [Result<SearchResult, IndexError>] {
        let view = view
        var results: [Result<SearchResult, IndexError>] = []
        var queries: [PreparedQuery] = [], queryIndices: [Int] = []
        func runPass() {
            guard !queries.isEmpty else { return }
            for (index, result) in zip(queryIndices, QueryBatch(view: view, queries: queries).results()) {
                results[index] = .success(result)
            }
            queries = []
            queryIndices = []
        }
        for request in requests {
            do {
                queries.append(try prepare(request))
                queryIndices.append(results.count)
                // Stands in until the pass has run.
                results.append(.success(SearchResult(ids: [], scores: [], scannedRowCount: 0, matchedRowCount: 0)))
            } catch {
                results.append(.failure(error))
            }
            if queries.count == ScanPass.queryLimit { runPass() }
        }
        runPass()
        return results
    }

    /// What the last publication made visible.
    var view: IndexView { published.withLock { $0 } }

    func prepare(_ request: SearchRequest) throws(IndexError) -> PreparedQuery {
        try PreparedQuery(request, configuration: configuration)
    }
}
