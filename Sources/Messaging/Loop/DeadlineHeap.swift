/// Instants with what is due at them, earliest first: a binary heap.
///
/// Entries cannot be taken out of the middle. Whoever has no use for one any more leaves it and says how many are still
/// wanted with `compact`, so that the heap never holds more than about twice those.
struct DeadlineHeap<Item> {
    typealias Entry = (instant: ContinuousClock.Instant, item: Item)

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var earliest: ContinuousClock.Instant? { entries.first?.instant }

    mutating func insert(_ item: Item, at instant: ContinuousClock.Instant) {
        entries.append((instant, item))
        siftUp(entries.count - 1)
    }

    /// The earliest item, if it is due.
    mutating func popDue(_ now: ContinuousClock.Instant) -> Item? {
        guard let first = entries.first, first.instant <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown(0)
        }
        return first.item
    }

    /// Drops the entries that are not wanted, once they are more than half: O(1) for each insertion, in the long run.
    mutating func compact(wantedCount: Int, isWanted: (Item) -> Bool) {
        guard entries.count > 64 + 2 * wantedCount else { return }
        entries.removeAll { !isWanted($0.item) }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].instant < entries[parent].instant else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            let left = 2 * index + 1
            guard left < entries.count else { return }
            let right = left + 1
            let child = right < entries.count && entries[right].instant < entries[left].instant ? right : left
            guard entries[child].instant < entries[index].instant else { return }
            entries.swapAt(index, child)
            index = child
        }
    }
}
