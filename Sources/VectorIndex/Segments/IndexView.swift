/// What one publication made visible: the searches that take it see this and nothing later.
final class IndexView: Sendable {
    /// Segments with at least one live row.
    let segments: [SegmentView]
    let statistics: IndexStatistics
    /// Words of 64 rows before each segment, and at the end of all: how a scan is cut into equal parts.
    let wordOffsets: [Int]
    /// For each segment.
    let access: [SegmentAccess]
    /// nil until there are rows enough for one.
    let arrangement: ArrangementView?

    private let filterCache: FilterCache

    init(
        segments: [SegmentView], statistics: IndexStatistics, arrangement: Arrangement? = nil,
        filterCache: FilterCache = FilterCache()
    ) {
        self.filterCache = filterCache
        self.segments = segments
        self.statistics = statistics
        var offsets = [0]
        for segment in segments { offsets.append(offsets[offsets.count - 1] + segment.wordCount) }
        wordOffsets = offsets
        access = segments.map(SegmentAccess.init)
        self.arrangement = arrangement.map { ArrangementView($0, segments: segments) }
    }

    var wordCount: Int { wordOffsets[segments.count] }
    func rows(satisfying filter: PreparedFilter) -> FilteredRows { filterCache.rows(of: self, satisfying: filter) }

    /// For each list of the arrangement, which there is, its rows that satisfy a filter.
    func listRowCounts(_ arranged: ArrangementView, filter: PreparedFilter, rows: FilteredRows) -> [UInt32] {
        filterCache.listRowCounts(arranged, filter: filter, rows: rows)
    }

    var liveRowCount: Int { statistics.liveRowCount }

    /// Whether the row at a place of a layer is still there.
    func isLive(_ place: UInt32, of layer: LayerView) -> Bool {
        guard let index = layer.segmentIndex(ofSlot: Int(place >> 16)) else { return false }
        return segments[index].isLive(Int(place & 0xffff))
    }
}
