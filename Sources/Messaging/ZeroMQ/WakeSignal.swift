internal import CZeroMQ
internal import Glibc

/// An eventfd: wakes a poll from another thread.
final class WakeSignal: Sendable {
    let descriptor: CInt

    init() throws(MessagingError) {
        descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .systemResources(errno: errno) }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// The poll returns, now or the next time it is called. The write can only fail with the counter at its maximum,
    /// and then the poll returns anyway.
    func set() { _ = eventfd_write(descriptor, 1) }

    func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
