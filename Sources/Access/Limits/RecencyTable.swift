/// A dictionary of at most `capacity` instants; a further key takes the place of the one that was set least recently.
///
/// The entries are a list in an array, linked by index from the newest to the oldest, so that each operation takes a constant
/// time and a full table allocates no more.
struct RecencyTable<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var key: Key
        var value: Int64
        /// Towards the newest, and towards the oldest; `none` at the ends.
        var newer: Int32
        var older: Int32
    }

    private static var none: Int32 { -1 }

    let capacity: Int
    private var entries: [Entry] = []
    private var indices: [Key: Int32] = [:]
    private var newest = none
    private var oldest = none

    init(capacity: Int) {
        precondition((1...Int(Int32.max)).contains(capacity), "a table holds at least one entry and at most 2³¹ - 1")
        self.capacity = capacity
    }

    var count: Int { entries.count }

    func value(of key: Key) -> Int64? { indices[key].map { entries[Int($0)].value } }

    /// Sets the value of `key` and makes it the newest.
    mutating func set(_ key: Key, _ value: Int64) {
        if let index = indices[key] {
            entries[Int(index)].value = value
            guard index != newest else { return }
            unlink(index)
            link(index)
        } else if entries.count < capacity {
            let index = Int32(entries.count)
            entries.append(Entry(key: key, value: value, newer: Self.none, older: Self.none))
            indices[key] = index
            link(index)
        } else {
            let index = oldest
            unlink(index)
            indices[entries[Int(index)].key] = nil
            indices[key] = index
            entries[Int(index)] = Entry(key: key, value: value, newer: Self.none, older: Self.none)
            link(index)
        }
    }

    private mutating func unlink(_ index: Int32) {
        let entry = entries[Int(index)]
        if entry.newer == Self.none { newest = entry.older } else { entries[Int(entry.newer)].older = entry.older }
        if entry.older == Self.none { oldest = entry.newer } else { entries[Int(entry.older)].newer = entry.newer }
    }

    /// Makes an entry that is in no list the newest.
    private mutating func link(_ index: Int32) {
        entries[Int(index)].newer = Self.none
        entries[Int(index)].older = newest
        if newest == Self.none { oldest = index } else { entries[Int(newest)].newer = index }
        newest = index
    }
}
