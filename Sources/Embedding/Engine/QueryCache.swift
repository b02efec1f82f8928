/// The vectors of the last queries: people and programs ask the same thing again and again.
///
/// The key is the list of pieces, not the text: two texts that differ in case or spacing share their vector, and Swift's
/// `String` would hold texts to be equal that differ in their bytes.
struct QueryCache {
    private struct Entry {
        var pieces: [Int32]
        var vector: [Float]
        var newer: Int?
        var older: Int?
    }

    /// - Parameter capacity: Entries at most; each takes `dimension` × 4 bytes and 4 bytes a piece. 0 keeps nothing.
    init(capacity: Int) { self.capacity = capacity }

    private let capacity: Int
    private var entries: [Entry] = []
    private var slots: [[Int32]: Int] = [:]
    private var newest: Int?
    private var oldest: Int?

    var count: Int { entries.count }

    /// The vector last stored for these pieces; it becomes the newest.
    mutating func vector(for pieces: [Int32]) -> [Float]? {
        guard let slot = slots[pieces] else { return nil }
        detach(slot)
        attach(slot)
        return entries[slot].vector
    }

    /// Stores a vector in the place of the one that has not been asked for longest.
    mutating func insert(_ vector: [Float], for pieces: [Int32]) {
        guard capacity > 0, slots[pieces] == nil else { return }
        if entries.count < capacity {
            slots[pieces] = entries.count
            entries.append(Entry(pieces: pieces, vector: vector))
            attach(entries.count - 1)
        } else if let slot = oldest {
            detach(slot)
            slots[entries[slot].pieces] = nil
            slots[pieces] = slot
            entries[slot] = Entry(pieces: pieces, vector: vector)
            attach(slot)
        }
    }

    private mutating func detach(_ slot: Int) {
        let (newer, older) = (entries[slot].newer, entries[slot].older)
        if let newer { entries[newer].older = older } else { newest = older }
        if let older { entries[older].newer = newer } else { oldest = newer }
    }

    private mutating func attach(_ slot: Int) {
        entries[slot].newer = nil
        entries[slot].older = newest
        if let newest { entries[newest].newer = slot } else { oldest = slot }
        newest = slot
    }
}
