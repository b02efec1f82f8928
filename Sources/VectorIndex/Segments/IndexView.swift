/// What one publication made visible: the searches that take it see this and nothing later.
final class IndexView: Sendable {
    /// Segments with at least one live row.
    let segments: [SegmentView]
    let statistics: IndexStatistics
    /// Words of 64 rows before each segment, and at the end of all: how a scan is cut into equal parts.
    let wordOffsets: [Int]

    init(segments: [SegmentView], statistics: IndexStatistics) {
        self.segments = segments
        self.statistics = statistics
        var offsets = [0]
        for segment in segments { offsets.append(offsets[offsets.count - 1] + segment.live.count) }
        wordOffsets = offsets
    }

    var wordCount: Int { wordOffsets[segments.count] }
}
