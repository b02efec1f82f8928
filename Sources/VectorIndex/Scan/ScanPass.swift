import CKernels

/// One pass over rows for up to eight queries: what every search comes down to.
///
/// Rows are taken in chunks: the filters are evaluated for a chunk, then the kernel scans it, then its hits are offered
/// to the queries' heaps, whose thresholds the next chunk starts with.
struct ScanPass: Sendable {
    static let queryLimit = KZ_SCAN_QUERIES
    /// 2,048 rows: filters' bitmaps and the hits stay in the first caches.
    private static let chunkWordCount = 32
    private static let blocksPerWord = 64 / RowBuffers.blockRowCount

    let view: IndexView
    let queries: [PreparedQuery]
    let kernels: KernelSet
    /// For each query with a filter, the rows that satisfy it.
    private let filteredRows: [FilteredRows?]
    /// For each segment the row to begin at: nil to take all.
    private let firstRows: [Int]?

    /// - Parameters:
    ///   - filteredRows: For each query; made here when left out.
    ///   - firstRows: For each segment, the row to begin at; all rows are taken when left out.
    init(
        view: IndexView, queries: [PreparedQuery], filteredRows: [FilteredRows?]? = nil, firstRows: [Int]? = nil,
        kernels: KernelSet = .best
    ) {
        precondition(!queries.isEmpty && queries.count <= Self.queryLimit, "1 to 8 queries a pass")
        self.view = view
        self.queries = queries
        self.kernels = kernels
        self.filteredRows = filteredRows ?? queries.map { $0.filter.map(view.rows(satisfying:)) }
        self.firstRows = firstRows
    }

    /// What one query got from a part of the rows.
    struct Partial: Sendable {
        var top: TopCandidates
        var scannedRowCount = 0
        var matchedRowCount = 0

        mutating func merge(_ other: Partial) {
            top.merge(other.top)
            scannedRowCount += other.scannedRowCount
            matchedRowCount += other.matchedRowCount
        }
    }

    /// Scans words `words` of the view (64 rows each, as `IndexView.wordOffsets` counts them): one result a query.
    func scan(words: Range<Int>) -> [Partial] {
        var partials = queries.map { Partial(top: TopCandidates(limit: $0.candidateLimit, lowestKey: $0.lowestKey)) }
        let scratch = ScanScratch(queries: queries, rowCapacity: Self.chunkWordCount * 64)
        for (segmentIndex, segment) in view.segments.enumerated() {
            let first = view.wordOffsets[segmentIndex]
            let range = words.clamped(to: first ..< view.wordOffsets[segmentIndex + 1])
            guard !range.isEmpty else { continue }
            let firstWord = max(range.lowerBound - first, (firstRows?[segmentIndex] ?? 0) / 64)
            for start in stride(from: firstWord, to: range.upperBound - first, by: Self.chunkWordCount) {
                let end = min(start + Self.chunkWordCount, range.upperBound - first)
                let hasWork = mark(segment, segmentIndex, words: start ..< end, scratch, &partials)
                if hasWork { scan(segment, segmentIndex, words: start ..< end, scratch, &partials) }
            }
        }
        return partials
    }

    /// Sets each query's row mask for a chunk; returns whether any row is left.
    private func mark(
        _ segment: SegmentView, _ segmentIndex: Int, words: Range<Int>, _ scratch: ScanScratch,
        _ partials: inout [Partial]
    ) -> Bool {
        var hasWork = false
        let firstRow = firstRows?[segmentIndex] ?? 0
        for query in queries.indices {
            let mask = unsafe scratch.mask(ofQuery: query)
            let filterWords = filteredRows[query]?.words[segmentIndex]
            for index in words {
                var word = segment.live[index]
                if let filterWords { word &= filterWords[index] }
                if firstRow > index * 64 { word &= ~0 << UInt64(min(64, firstRow - index * 64)) }
                unsafe mask[index - words.lowerBound] = word
                guard word != 0 else { continue }
                hasWork = true
                partials[query].matchedRowCount += word.nonzeroBitCount
                for block in 0 ..< Self.blocksPerWord where word >> UInt64(block * 16) & 0xffff != 0 {
                    partials[query].scannedRowCount += min(16, segment.rowCount - index * 64 - block * 16)
                }
            }
        }
        return hasWork
    }

    private func scan(
        _ segment: SegmentView, _ segmentIndex: Int, words: Range<Int>, _ scratch: ScanScratch,
        _ partials: inout [Partial]
    ) {
        let firstBlock = words.lowerBound * Self.blocksPerWord
        let endBlock = min(words.upperBound * Self.blocksPerWord, (segment.rowCount + 15) / 16)
        var block = firstBlock
        // The first rows all are hits until the heaps are full: short steps at first keep that from costing much.
        var stepBlockCount = partials.contains { $0.top.heap.isEmpty } ? 16 : endBlock - firstBlock
        while block < endBlock {
            let end = min(block + stepBlockCount, endBlock)
            run(segment.codes, blocks: block ..< end, maskBlock: block - firstBlock, scratch, partials)
            offerHits(of: segment, segmentIndex, firstRow: block * 16, scratch, &partials)
            block = end
            stepBlockCount *= 2
        }
    }

    private func run(
        _ buffers: RowBuffers, blocks: Range<Int>, maskBlock: Int, _ scratch: ScanScratch, _ partials: [Partial]
    ) {
        precondition(blocks.upperBound * RowBuffers.blockRowCount <= buffers.rowCapacity, "blocks that there are")
        let firstRow = blocks.lowerBound * RowBuffers.blockRowCount
        var rows = unsafe kz_scan_rows(
            codes: buffers.codes.base + firstRow * buffers.rowStride,
            scales: buffers.scales.base + firstRow, norms: buffers.norms.map { unsafe $0.base + firstRow },
            blockCount: blocks.count, rowStride: buffers.rowStride)
        for query in queries.indices {
            unsafe scratch.queries[query].rowMask = UnsafePointer(scratch.blockMask(ofQuery: query) + maskBlock)
            unsafe scratch.queries[query].threshold = partials[query].top.threshold
        }
        unsafe kernels.scan(&rows, scratch.queries, queries.count)
    }

    private func offerHits(
        of segment: SegmentView, _ segmentIndex: Int, firstRow: Int, _ scratch: ScanScratch,
        _ partials: inout [Partial]
    ) {
        for query in queries.indices {
            let hits = unsafe scratch.queries[query]
            for hit in 0 ..< Int(unsafe hits.hitCount) {
                let row = unsafe firstRow + Int(hits.hitRows[hit])
                partials[query].top.offer(
                    Candidate(
                        key: unsafe hits.hitKeys[hit], id: segment.ids[row], segmentIndex: UInt32(segmentIndex),
                        row: UInt32(row)))
            }
        }
    }

    /// Scores the candidates with the queries in float and keeps the best.
    func finish(_ partials: [Partial]) -> [SearchResult] {
        zip(queries, partials).map { query, partial in
            let best = query.ranked(partial.top.heap, in: view)
            return SearchResult(
                ids: best.map(\.id), scores: best.map(\.key), scannedRowCount: partial.scannedRowCount,
                matchedRowCount: partial.matchedRowCount)
        }
    }
}
