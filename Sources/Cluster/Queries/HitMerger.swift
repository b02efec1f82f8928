/// Puts the shards' lists of hits together.
enum HitMerger {
    /// Below this many hits, looking through the result for an id beats hashing it.
    private static let scanCountMax = 32

    /// `hits` in order, or `nil` when there are too many or a score is not finite.
    static func checked(_ hits: [ScoredID], resultLimit: Int) -> [ScoredID]? {
        guard hits.count <= resultLimit else { return nil }
        var isSorted = true
        for i in hits.indices {
            guard hits[i].score.isFinite else { return nil }
            if i > 0, ScoredID.isBetter(hits[i], than: hits[i - 1]) { isSorted = false }
        }
        return isSorted ? hits : hits.sorted(by: ScoredID.isBetter)
    }

    /// The best `resultLimit` of all lists, each of which is in order. An id that comes twice counts once, with its
    /// best score: while a collection is resharded two shards may hold the same record.
    ///
    /// - Complexity: O(`resultLimit` × number of lists).
    static func merge(_ lists: [[ScoredID]], resultLimit: Int) -> [ScoredID] {
        var result: [ScoredID] = []
        result.reserveCapacity(min(resultLimit, lists.reduce(0) { $0 + $1.count }))
        var cursors = [Int](repeating: 0, count: lists.count)
        var seen: Set<Int64> = []
        while result.count < resultLimit {
            var best: Int?
            for i in lists.indices where cursors[i] < lists[i].count {
                if let leader = best, !ScoredID.isBetter(lists[i][cursors[i]], than: lists[leader][cursors[leader]]) {
                    continue
                }
                best = i
            }
            guard let best else { break }
            let hit = lists[best][cursors[best]]
            cursors[best] += 1
            if result.count < scanCountMax {
                if result.contains(where: { $0.id == hit.id }) { continue }
            } else {
                if seen.isEmpty { for earlier in result { seen.insert(earlier.id) } }
                if !seen.insert(hit.id).inserted { continue }
            }
            result.append(hit)
        }
        return result
    }
}
