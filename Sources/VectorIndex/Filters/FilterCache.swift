import RecordSchema

/// Which rows satisfy the filters that were asked for last.
///
/// The values of a published row never change, so a bitmap holds for as long as its segment lives, and grows with the
/// segment; whether a row is still live is a bitmap of its own. Services ask with few filters again and again.
final class FilterCache: Sendable {
    private static let filterCountLimit = 16
    private static let byteLimit = 32 << 20

    private struct Bitmap: Sendable {
        /// Rows that the words tell of.
        var rowCount: Int
        var words: [UInt64]
    }

    /// For each list of an arrangement, how many of its rows satisfy the filter.
    private struct ListCounts: Sendable {
        let arrangementSerial: UInt64
        let counts: [UInt32]
    }

    private struct Entry: Sendable {
        let filter: Filter
        /// By the segment's serial.
        var bitmaps: [UInt64: Bitmap]
        /// Of the arrangement that it was last asked for with.
        var listCounts: ListCounts?
        var lastUse: Int

        var byteCount: Int { bitmaps.values.reduce(0) { $0 + $1.words.count * 8 } }
    }

    private struct State {
        var entries: [Entry] = []
        var useCount = 0
    }

    private let state = Monitor(State())

    /// The rows of a view that satisfy a filter.
    func rows(of view: IndexView, satisfying filter: PreparedFilter) -> FilteredRows {
        let known = state.withLock { state -> [UInt64: Bitmap] in
            state.useCount += 1
            guard let index = state.entries.firstIndex(where: { $0.filter == filter.source }) else { return [:] }
            state.entries[index].lastUse = state.useCount
            return state.entries[index].bitmaps
        }
        var bitmaps: [UInt64: Bitmap] = [:]
        var hasChanged = false
        for segment in view.segments {
            let earlier = known[segment.serial]
            if let earlier, earlier.rowCount >= segment.rowCount {
                bitmaps[segment.serial] = earlier
            } else {
                bitmaps[segment.serial] = Self.extend(earlier, to: segment, filter: filter.compiled)
                hasChanged = true
            }
        }
        if hasChanged || known.count != bitmaps.count { store(bitmaps, for: filter.source) }
        return FilteredRows(view: view, words: view.segments.map { bitmaps[$0.serial]?.words ?? [] })
    }

    /// For each list of the view's arrangement, how many rows satisfy the filter, dead ones included.
    func listRowCounts(_ arranged: ArrangementView, filter: PreparedFilter, rows: FilteredRows) -> [UInt32] {
        let serial = arranged.arrangement.serial
        let known = state.withLock { state in
            state.entries.first { $0.filter == filter.source }?.listCounts
        }
        if let known, known.arrangementSerial == serial { return known.counts }
        let counts = arranged.listRowCounts(in: rows)
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.filter == filter.source }) else { return }
            state.entries[index].listCounts = ListCounts(arrangementSerial: serial, counts: counts)
        }
        return counts
    }

    private static func extend(_ earlier: Bitmap?, to segment: SegmentView, filter: CompiledFilter) -> Bitmap {
        // A word that was cut short is evaluated again.
        let wholeWordCount = (earlier?.rowCount ?? 0) / 64
        var words = Array(earlier?.words.prefix(wholeWordCount) ?? [])
        let first = wholeWordCount * 64
        var added = Array(repeating: UInt64(0), count: (segment.rowCount - first + 63) / 64)
        SegmentFilter(filter, segment: segment).evaluate(rows: first ..< segment.rowCount, into: &added)
        words += added
        return Bitmap(rowCount: segment.rowCount, words: words)
    }

    private func store(_ bitmaps: [UInt64: Bitmap], for filter: Filter) {
        state.withLock { state in
            let counts = state.entries.first { $0.filter == filter }?.listCounts
            state.entries.removeAll { $0.filter == filter }
            state.entries.append(
                Entry(filter: filter, bitmaps: bitmaps, listCounts: counts, lastUse: state.useCount))
            while state.entries.count > 1,
                state.entries.count > Self.filterCountLimit
                    || state.entries.reduce(0, { $0 + $1.byteCount }) > Self.byteLimit,
                let oldest = state.entries.indices.min(by: { state.entries[$0].lastUse < state.entries[$1].lastUse })
            {
                state.entries.remove(at: oldest)
            }
        }
    }
}

/// A filter as it was given, by which it is found again, and as it is evaluated.
struct PreparedFilter: Sendable {
    let source: Filter
    let compiled: CompiledFilter
}

/// The rows of a view that satisfy one filter.
struct FilteredRows: Sendable {
    /// For each segment of the view, bit `row` of the words; bits of dead rows and past the last mean nothing.
    let words: [[UInt64]]
    /// Live rows that satisfy it.
    let matchedRowCount: Int

    init(view: IndexView, words: [[UInt64]]) {
        self.words = words
        var count = 0
        for (segment, words) in zip(view.segments, words) {
            for index in 0 ..< segment.wordCount { count += (segment.live[index] & words[index]).nonzeroBitCount }
        }
        matchedRowCount = count
    }

    @inline(__always)
    func contains(_ row: Int, ofSegment segmentIndex: Int) -> Bool {
        words[segmentIndex][row / 64] >> UInt64(row % 64) & 1 == 1
    }
}
