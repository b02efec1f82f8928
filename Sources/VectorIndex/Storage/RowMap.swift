/// Which row holds an id: an open-addressing table of rows' places, without the ids, which the segments hold anyway.
///
/// A place is 32 bits. Beside it stands a byte of the id's hash, so that a look-up reads the id of hardly any other
/// row. Deleted entries are marked and go when the table is rebuilt.
struct RowMap {
    /// Five bytes an entry at 37 to 75 per cent load.
    static let bytesPerRow = 9
    private static let empty: UInt8 = 0
    private static let removed: UInt8 = 1
    private static let minimumCapacity = 64

    private var tags: [UInt8]
    private var places: [UInt32]
    private(set) var count = 0
    private var removedCount = 0

    /// Without rows, with room for `rowCount`.
    init(rowCount: Int = 0) {
        let capacity = Self.capacity(for: rowCount)
        tags = Array(repeating: Self.empty, count: capacity)
        places = Array(repeating: 0, count: capacity)
    }

    var allocatedBytes: Int { tags.capacity + places.capacity * MemoryLayout<UInt32>.size }

    /// - Parameter idAt: The id of the row at a place that was put in.
    func place(of id: UInt64, idAt: (UInt32) -> UInt64) -> UInt32? {
        entry(of: id, idAt: idAt).map { places[$0] }
    }

    /// Puts `id` at `place`; returns where it was before.
    mutating func put(_ id: UInt64, at place: UInt32, idAt: (UInt32) -> UInt64) -> UInt32? {
        if let entry = entry(of: id, idAt: idAt) {
            let earlier = places[entry]
            places[entry] = place
            return earlier
        }
        if (count + removedCount + 1) * 4 > tags.count * 3 { rebuild(for: count + 1, idAt: idAt) }
        insert(hash: Self.hash(id), place: place)
        count += 1
        return nil
    }

    /// Returns where `id` was.
    mutating func remove(_ id: UInt64, idAt: (UInt32) -> UInt64) -> UInt32? {
        guard let entry = entry(of: id, idAt: idAt) else { return nil }
        tags[entry] = Self.removed
        count -= 1
        removedCount += 1
        let place = places[entry]
        if tags.count > Self.minimumCapacity, count * 8 < tags.count { rebuild(for: count, idAt: idAt) }
        return place
    }

    private func entry(of id: UInt64, idAt: (UInt32) -> UInt64) -> Int? {
        let hash = Self.hash(id), tag = Self.tag(hash), mask = tags.count - 1
        var entry = Int(truncatingIfNeeded: hash) & mask
        // Ends at an empty entry: at most three quarters are taken.
        while tags[entry] != Self.empty {
            if tags[entry] == tag, idAt(places[entry]) == id { return entry }
            entry = (entry + 1) & mask
        }
        return nil
    }

    private mutating func insert(hash: UInt64, place: UInt32) {
        let mask = tags.count - 1
        var entry = Int(truncatingIfNeeded: hash) & mask
        while tags[entry] > Self.removed { entry = (entry + 1) & mask }
        if tags[entry] == Self.removed { removedCount -= 1 }
        tags[entry] = Self.tag(hash)
        places[entry] = place
    }

    private mutating func rebuild(for rowCount: Int, idAt: (UInt32) -> UInt64) {
        let capacity = Self.capacity(for: rowCount)
        let earlierTags = tags, earlierPlaces = places
        tags = Array(repeating: Self.empty, count: capacity)
        places = Array(repeating: 0, count: capacity)
        removedCount = 0
        for entry in earlierTags.indices where earlierTags[entry] > Self.removed {
            insert(hash: Self.hash(idAt(earlierPlaces[entry])), place: earlierPlaces[entry])
        }
    }

    /// At most 60 per cent full with so many rows, so that the next rebuild is far.
    private static func capacity(for rowCount: Int) -> Int {
        var capacity = minimumCapacity
        while rowCount * 5 > capacity * 3 { capacity *= 2 }
        return capacity
    }

    private static func tag(_ hash: UInt64) -> UInt8 { max(2, UInt8(truncatingIfNeeded: hash >> 56)) }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): consecutive ids spread over the whole table.
    private static func hash(_ id: UInt64) -> UInt64 {
        var z = id &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
