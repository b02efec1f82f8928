/// Values at stable small indices, with ids that are never used twice.
///
/// An id is a serial number in its upper 44 bits and the value's slot in its lower 20, so that finding a value is one
/// array access and one comparison, and a report about a value that is gone is seen to be late. At 100,000 a second the
/// serials last five years.
struct Slab<Element: Sendable>: Sendable {
    static var slotBitCount: Int { 20 }
    static var countLimit: Int { 1 << slotBitCount }

    /// Vacant slots hold what `remove` left there. Read and write in place by slot; slots come from `insert` and `slot(of:)`.
    var elements: [Element] = []
    /// By slot: the id of its value; 0 in a vacant slot, which is the id of nothing.
    private(set) var ids: [UInt64] = []
    private var vacantSlots: [Int] = []
    private var lastSerial: UInt64 = 0

    var count: Int { elements.count - vacantSlots.count }
    var isFull: Bool { vacantSlots.isEmpty && elements.count >= Self.countLimit }

    func slot(of id: UInt64) -> Int? {
        let slot = Int(truncatingIfNeeded: id & UInt64(Self.countLimit - 1))
        return slot < ids.count && id != 0 && ids[slot] == id ? slot : nil
    }

    func isLive(_ slot: Int) -> Bool { ids[slot] != 0 }

    /// Takes a slot and leaves in it what was there, so that buffers are used again; a new slot holds `initial`.
    mutating func insert(_ initial: @autoclosure () -> Element) -> Int {
        precondition(!isFull, "a slab holds at most 2^20 values")
        let slot: Int
        if let vacant = vacantSlots.popLast() {
            slot = vacant
        } else {
            slot = elements.count
            elements.append(initial())
            ids.append(0)
        }
        lastSerial &+= 1
        ids[slot] = lastSerial << UInt64(Self.slotBitCount) | UInt64(slot)
        return slot
    }

    mutating func remove(_ slot: Int) {
        precondition(ids[slot] != 0, "a value is removed once")
        ids[slot] = 0
        vacantSlots.append(slot)
    }
}
