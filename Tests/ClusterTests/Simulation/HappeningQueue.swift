/// Happenings by time; those of the same moment in the order in which they were pushed.
struct HappeningQueue {
    /// What the heap moves around is kept small; the happenings themselves stay where they are.
    private struct Entry {
        var at: Int64
        var serial: Int
        var slot: Int
        func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : serial < other.serial }
    }

    private var entries: [Entry] = []
    private var happenings: [Simulation.Happening?] = []
    private var vacantSlots: [Int] = []
    private var serial = 0

    mutating func push(_ happening: Simulation.Happening, at moment: Int64) {
        serial += 1
        let slot = vacantSlots.popLast() ?? happenings.count
        if slot == happenings.count { happenings.append(happening) } else { happenings[slot] = happening }
        entries.append(Entry(at: moment, serial: serial, slot: slot))
        var place = entries.count - 1
        while place > 0, entries[place].isBefore(entries[(place - 1) / 2]) {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func pop(notAfter end: Int64) -> (Int64, Simulation.Happening)? {
        guard let first = entries.first, first.at <= end, let happening = happenings[first.slot] else { return nil }
        happenings[first.slot] = nil
        vacantSlots.append(first.slot)
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var place = 0
        while true {
            var least = place
            let left = 2 * place + 1
            if left < entries.count, entries[left].isBefore(entries[least]) { least = left }
            if left + 1 < entries.count, entries[left + 1].isBefore(entries[least]) { least = left + 1 }
            guard least != place else { break }
            entries.swapAt(place, least)
            place = least
        }
        return (first.at, happening)
    }
}
