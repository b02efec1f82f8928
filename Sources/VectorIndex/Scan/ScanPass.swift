import CKernels

/// One pass over rows for up to eight queries: what every search comes down to.
///
/// Rows are taken in chunks: the filters are evaluated for a chunk, then the kernel scans it, then its hits are offered
/// to the queries' heaps, whose thresholds the next chunk starts with.
struct ScanPass: Sendable {
    static let queryLimit = KZ_SCAN_QUERIES
    /// 2,048 rows: filters' bitmaps and the hits stay in the first caches.
    private static let chunkWordCount = 32
    private static let blocksPerWord = 64 / BlockBuffers.blockRowCount

    let view: IndexView
    let queries: [PreparedQuery]
    let kernels: KernelSet

    init(view: IndexView, queries: [PreparedQuery], kernels: KernelSet = .best) {
        precondition(!queries.isEmpty && queries.count <= Self.queryLimit, "1 to 8 queries a pass")
        self.view = view
        self.queries = queries
        self.kernels = kernels
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
            let filters = queries.map { $0.filter.map { SegmentFilter($0, segment: segment) } }
            for start in stride(from: range.lowerBound - first, to: range.upperBound - first, by: Self.chunkWordCount) {
                let end = min(start + Self.chunkWordCount, range.upperBound - first)
                let hasWork = mark(segment, words: start ..< end, filters: filters, scratch, &partials)
                if hasWork { scan(segment, segmentIndex, words: start ..< end, scratch, &partials) }
            }
        }
        return partials
    }

    /// Sets each query's row mask for a chunk; returns whether any row is left.
    private func mark(
        _ segment: SegmentView, words: Range<Int>, filters: [SegmentFilter?], _ scratch: ScanScratch,
        _ partials: inout [Partial]
    ) -> Bool {
        let rows = words.lowerBound * 64 ..< min(words.upperBound * 64, segment.rowCount)
        var filterWords: [UInt64] = []
        var hasWork = false
        for query in queries.indices {
            let mask = unsafe scratch.mask(ofQuery: query)
            if let filter = filters[query] {
                if filterWords.isEmpty { filterWords = Array(repeating: 0, count: words.count) }
                filter.evaluate(rows: rows, into: &filterWords)
            }
            for index in 0 ..< words.count {
                var word = segment.live[words.lowerBound + index]
                if filters[query] != nil { word &= filterWords[index] }
                unsafe mask[index] = word
                guard word != 0 else { continue }
                hasWork = true
                partials[query].matchedRowCount += word.nonzeroBitCount
                let firstRow = rows.lowerBound + index * 64
                for block in 0 ..< Self.blocksPerWord where word >> UInt64(block * 16) & 0xffff != 0 {
                    partials[query].scannedRowCount += min(16, rows.upperBound - firstRow - block * 16)
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
        let endBlock = min(words.upperBound * Self.blocksPerWord, segment.wholeBlockCount)
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
        if let openBlock = segment.openBlock, words.upperBound * Self.blocksPerWord > segment.wholeBlockCount {
            let maskBlock = segment.wholeBlockCount - firstBlock
            run(openBlock, blocks: 0 ..< 1, maskBlock: maskBlock, scratch, partials)
            offerHits(of: segment, segmentIndex, firstRow: segment.wholeBlockCount * 16, scratch, &partials)
        }
    }

    private func run(
        _ buffers: BlockBuffers, blocks: Range<Int>, maskBlock: Int, _ scratch: ScanScratch, _ partials: [Partial]
    ) {
        precondition(blocks.upperBound * BlockBuffers.blockRowCount <= buffers.rowCapacity, "blocks that there are")
        let firstRow = blocks.lowerBound * BlockBuffers.blockRowCount
        var rows = unsafe kz_scan_rows(
            codes: buffers.codes.base + blocks.lowerBound * buffers.blockBytes,
            scales: buffers.scales.base + firstRow, norms: buffers.norms.map { unsafe $0.base + firstRow },
            blockCount: blocks.count, groupCount: buffers.groupCount)
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
            var hits = partial.top.heap.map { candidate in
                var hit = candidate
                let place = view.segments[Int(candidate.segmentIndex)].place(ofRow: Int(candidate.row))
                hit.key = query.score(of: place.buffers, row: place.row)
                return hit
            }
            if let minimumScore = query.minimumScore { hits.removeAll { $0.key < minimumScore } }
            hits.sort { $0.isBetter(than: $1) }
            let best = hits.prefix(query.resultLimit)
            return SearchResult(
                ids: best.map(\.id), scores: best.map(\.key), scannedRowCount: partial.scannedRowCount,
                matchedRowCount: partial.matchedRowCount)
        }
    }
}
