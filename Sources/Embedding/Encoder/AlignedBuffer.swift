import Glibc

/// A fixed run of numbers at an address that vector loads and huge pages like, zero at first.
///
/// Whoever owns it decides who may write: weights are written before they are shared, a workspace belongs to one thread.
@safe final class AlignedBuffer<Element: BitwiseCopyable> {
    let pointer: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let isLarge = bytes >= 4 << 20
        var address: UnsafeMutableRawPointer?
        let status = unsafe posix_memalign(&address, isLarge ? 2 << 20 : 64, bytes)
        guard status == 0, let address = unsafe address else { preconditionFailure("no memory for \(bytes) bytes") }
        // Panels are read from one end to the other by every text: fewer, larger pages spare the look-ups. Best effort.
        if isLarge { _ = unsafe madvise(address, bytes, MADV_HUGEPAGE) }
        unsafe memset(address, 0, bytes)
        unsafe pointer = unsafe address.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { unsafe free(pointer) }

    var buffer: UnsafeMutableBufferPointer<Element> { unsafe UnsafeMutableBufferPointer(start: pointer, count: count) }
}
