import Glibc

/// Zeroed memory of fixed size that one applier fills from the front while readers read what is filled.
///
/// The rule that makes it safe: an element is written before the list that tells of it is published under a lock, and
/// never after. Readers know how many elements they may read; those beyond are the applier's.
@safe final class SharedBuffer<Element: BitwiseCopyable & Sendable>: Sendable {
    /// Aligned to 64 bytes. Its memory lives as long as the buffer: do not keep the pointer longer.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Element>
    let capacity: Int
    /// What was taken from the system.
    let allocatedBytes: Int

    init(capacity: Int) {
        precondition(capacity >= 0 && capacity <= Int.max / 2 / MemoryLayout<Element>.stride, "a size in range")
        self.capacity = capacity
        let neededBytes = max(capacity * MemoryLayout<Element>.stride, 1)
        allocatedBytes = Pages.allocatedBytes(for: neededBytes)
        unsafe base = Pages.allocate(allocatedBytes).assumingMemoryBound(to: Element.self)
    }

    deinit { unsafe Pages.free(base, allocatedBytes) }

    /// Reading the element at `index`, which has been published to the reader.
    subscript(_ index: Int) -> Element {
        precondition(index >= 0 && index < capacity, "index within the buffer")
        return unsafe base[index]
    }

    /// The first `count` elements in a larger buffer. Called by the applier.
    func grown(to capacity: Int, copying count: Int) -> SharedBuffer {
        precondition(count <= self.capacity && count <= capacity, "a copy that fits")
        let larger = SharedBuffer(capacity: capacity)
        unsafe larger.base.update(from: base, count: count)
        return larger
    }
}

/// Large memory comes in huge pages where the system has them, which is worth a quarter of a scan's speed; small memory
/// comes from the allocator.
private enum Pages {
    private static let hugePageBytes = 2 << 20

    static func allocatedBytes(for bytes: Int) -> Int {
        // From half a huge page on, a whole one wastes less than it gains.
        let unit = bytes >= hugePageBytes ? hugePageBytes : 64
        return (bytes + unit - 1) / unit * unit
    }

    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard bytes >= hugePageBytes else {
            guard let memory = unsafe aligned_alloc(64, bytes) else { fatalError("out of memory") }
            unsafe memset(memory, 0, bytes)
            return unsafe memory
        }
        // One huge page more than needed, then the ends outside the aligned part are given back.
        let mappedBytes = bytes + hugePageBytes
        let mapped = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { fatalError("out of memory") }
        let address = Int(bitPattern: mapped)
        let headBytes = (hugePageBytes - address % hugePageBytes) % hugePageBytes
        if headBytes > 0 { unsafe munmap(mapped, headBytes) }
        let memory = unsafe mapped + headBytes
        if headBytes < hugePageBytes { unsafe munmap(memory + bytes, hugePageBytes - headBytes) }
        // Advice: where the kernel has no huge pages, small ones serve.
        unsafe madvise(memory, bytes, MADV_HUGEPAGE)
        return unsafe memory
    }

    static func free(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        if bytes >= hugePageBytes { unsafe munmap(memory, bytes) } else { unsafe Glibc.free(memory) }
    }
}
