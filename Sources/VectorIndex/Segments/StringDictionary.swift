/// The applier's end of a segment's distinct strings: gives each a code, 0, 1, 2 … in the order they come.
///
/// It belongs to a segment rather than to the index, so that strings that no row has any more go with the segment.
final class StringDictionary {
    private static let minimumTableCapacity = 16

    private var bytes: AppendBuffer<UInt8>
    private var ends: AppendBuffer<UInt64>
    /// Open addressing: a code + 1, or 0. Only the applier reads it, so it may change in place.
    private var table: [UInt32] = []

    init() {
        bytes = AppendBuffer()
        ends = AppendBuffer()
    }

    /// Goes on with the strings of a snapshot, which are its buffers' whole content.
    init(restoring view: StringDictionaryView, isSealed: Bool) {
        bytes = AppendBuffer(view.bytes, count: view.bytes.capacity)
        ends = AppendBuffer(view.ends, count: view.count)
        guard !isSealed, view.count > 0 else { return }
        var capacity = Self.minimumTableCapacity
        while view.count * 4 > capacity * 3 { capacity *= 2 }
        makeTable(capacity: capacity)
    }

    var view: StringDictionaryView {
        StringDictionaryView(bytes: bytes.storage, ends: ends.storage, count: ends.count)
    }

    var allocatedBytes: Int {
        bytes.storage.allocatedBytes + ends.storage.allocatedBytes + table.capacity * MemoryLayout<UInt32>.size
    }

    /// The code of a string, new if it has none yet.
    func code(of string: UnsafeBufferPointer<UInt8>) -> UInt32 {
        if (ends.count + 1) * 4 > table.count * 3 {
            makeTable(capacity: max(Self.minimumTableCapacity, table.count * 2))
        }
        var entry = unsafe firstEntry(of: string)
        while table[entry] != 0 {
            let code = Int(table[entry]) - 1
            let isSame = unsafe view.withString(code) { unsafe byteOrder($0, string) == 0 }
            if isSame { return UInt32(code) }
            entry = (entry + 1) & (table.count - 1)
        }
        let code = UInt32(ends.count)
        unsafe bytes.append(contentsOf: string)
        ends.append(UInt64(bytes.count))
        table[entry] = code + 1
        return code
    }

    /// A sealed segment gets no more strings.
    func seal() { table = [] }

    private func firstEntry(of string: UnsafeBufferPointer<UInt8>) -> Int {
        // Strings come from users: the keyed hash keeps them from choosing collisions.
        var hasher = Hasher()
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(string))
        return hasher.finalize() & (table.count - 1)
    }

    /// - Parameter capacity: A power of two, more than there are strings.
    private func makeTable(capacity: Int) {
        table = Array(repeating: 0, count: capacity)
        for code in 0 ..< ends.count {
            var entry = unsafe view.withString(code) { unsafe firstEntry(of: $0) }
            while table[entry] != 0 { entry = (entry + 1) & (table.count - 1) }
            table[entry] = UInt32(code) + 1
        }
    }
}
