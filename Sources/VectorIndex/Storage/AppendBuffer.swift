/// The applier's end of a `SharedBuffer`: appends, and moves to a buffer of twice the size when it is full. Readers
/// that hold the old one keep it.
struct AppendBuffer<Element: BitwiseCopyable & Sendable> {
    private(set) var storage: SharedBuffer<Element>
    private(set) var count = 0

    init(capacity: Int = 0) { storage = SharedBuffer(capacity: capacity) }

    /// Goes on after the first `count` elements.
    init(_ storage: SharedBuffer<Element>, count: Int) {
        precondition(count <= storage.capacity, "elements that there are")
        self.storage = storage
        self.count = count
    }

    mutating func append(_ element: Element) {
        reserve(count + 1)
        unsafe storage.base[count] = element
        count += 1
    }

    mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
        guard let base = elements.baseAddress else { return }
        reserve(count + elements.count)
        unsafe (storage.base + count).update(from: base, count: elements.count)
        count += elements.count
    }

    /// Appends `count` zero elements, which the caller may write until they are published.
    mutating func appendZeros(_ count: Int) {
        reserve(self.count + count)
        self.count += count
    }

    mutating func reserve(_ capacity: Int) {
        guard capacity > storage.capacity else { return }
        storage = storage.grown(to: max(capacity, storage.capacity * 2, 16), copying: count)
    }

    /// Writes an element that no reader has been told of.
    mutating func write(_ element: Element, at index: Int) {
        precondition(index >= 0 && index < count, "index within the buffer")
        unsafe storage.base[index] = element
    }
}
