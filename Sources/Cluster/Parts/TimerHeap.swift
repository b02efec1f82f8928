/// At most one pending moment for each slot, the earliest first: a binary heap that knows where each slot stands, so
/// that a moment can be moved or taken back in O(log n) and nothing stale is ever kept.
struct TimerHeap: Sendable {
    private struct Entry {
        var at: ClusterInstant
        var slot: Int
    }

    private var entries: [Entry] = []
    /// By slot: its place in `entries`, or -1.
    private var places: [Int] = []

    var earliest: ClusterInstant? { entries.first?.at }
    var count: Int { entries.count }

    /// The slot whose moment is the earliest, when that is `now` or before.
    func due(at now: ClusterInstant) -> Int? {
        guard let first = entries.first, first.at <= now else { return nil }
        return first.slot
    }

    mutating func set(_ slot: Int, at moment: ClusterInstant) {
        while places.count <= slot { places.append(-1) }
        let place = places[slot]
        if place < 0 {
            entries.append(Entry(at: moment, slot: slot))
            places[slot] = entries.count - 1
            siftUp(entries.count - 1)
        } else if entries[place].at != moment {
            let isEarlier = moment < entries[place].at
            entries[place].at = moment
            if isEarlier { siftUp(place) } else { siftDown(place) }
        }
    }

    mutating func remove(_ slot: Int) {
        guard slot < places.count, places[slot] >= 0 else { return }
        let place = places[slot]
        places[slot] = -1
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.slot] = place
        siftUp(place)
        siftDown(places[last.slot])
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        let entry = entries[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.at < entries[parent].at else { break }
            entries[place] = entries[parent]
            places[entries[place].slot] = place
            place = parent
        }
        entries[place] = entry
        places[entry.slot] = place
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        let entry = entries[place]
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].at < entries[child].at { child += 1 }
            guard entries[child].at < entry.at else { break }
            entries[place] = entries[child]
            places[entries[place].slot] = place
            place = child
        }
        entries[place] = entry
        places[entry.slot] = place
    }
}
