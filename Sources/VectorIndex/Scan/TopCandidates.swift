/// A row that a scan found.
struct Candidate: Sendable {
    var key: Float
    var id: UInt64
    var segmentIndex: UInt32
    var row: UInt32

    /// The order of results: higher keys first, equal ones by ascending id.
    @inline(__always)
    func isBetter(than other: Candidate) -> Bool {
        key > other.key || (key == other.key && id < other.id)
    }
}

/// The best `limit` candidates of those offered: a binary heap with the worst on top.
struct TopCandidates: Sendable {
    let limit: Int
    private(set) var heap: [Candidate] = []
    /// Candidates with a lower key need not be offered. Of equal keys the id decides.
    private(set) var threshold: Float

    /// - Parameter lowestKey: Candidates below it are never kept.
    init(limit: Int, lowestKey: Float) {
        precondition(limit > 0, "room for a candidate")
        self.limit = limit
        threshold = lowestKey
    }

    mutating func offer(_ candidate: Candidate) {
        if heap.count < limit {
            guard candidate.key >= threshold else { return }
            heap.append(candidate)
            siftUp(heap.count - 1)
        } else {
            guard candidate.isBetter(than: heap[0]) else { return }
            heap[0] = candidate
            siftDown(0)
        }
        if heap.count == limit { threshold = heap[0].key }
    }

    mutating func merge(_ other: TopCandidates) {
        for candidate in other.heap { offer(candidate) }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let candidate = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[parent].isBetter(than: candidate) else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = candidate
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let candidate = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child].isBetter(than: heap[child + 1]) { child += 1 }
            guard candidate.isBetter(than: heap[child]) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = candidate
    }
}
