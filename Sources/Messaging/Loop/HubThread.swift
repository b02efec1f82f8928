internal import Glibc
internal import NIOConcurrencyHelpers

/// One named thread that runs one closure.
final class HubThread: Sendable {
    private enum Owner {
        case nobody
        case joiner
    }

    private let handle: pthread_t
    private let owner = NIOLockedValueBox(Owner.nobody)
    /// True once the closure has returned.
    private let finished: ConditionLock<Bool>

    init(name: String, _ body: @escaping @Sendable () -> Void) throws(MessagingError) {
        let finished = ConditionLock<Bool>(value: false)
        self.finished = finished
        let start = ThreadStart {
            nameThisThread(name)
            body()
            finished.lock()
            finished.unlock(withValue: true)
        }
        var handle = pthread_t()
        let box = unsafe Unmanaged.passRetained(start)
        let status = unsafe pthread_create(
            &handle, nil,
            { argument in
                // The pointer is that of `box`, never nil, which was retained once for this thread.
                if let argument = unsafe argument {
                    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                    start.body()
                }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            throw .systemResources(errno: status)
        }
        self.handle = handle
    }

    var isCurrent: Bool { pthread_equal(pthread_self(), handle) != 0 }

    /// Waits for the thread's end, on as many threads as like. On the thread itself it lets it end unwatched.
    func join() {
        let isFirst = owner.withLockedValue { owner in
            defer { owner = .joiner }
            return owner == .nobody
        }
        if isCurrent {
            if isFirst { pthread_detach(handle) }
            return
        }
        if isFirst {
            pthread_join(handle, nil)
        } else {
            finished.lock(whenValue: true)
            finished.unlock()
        }
    }
}

private final class ThreadStart: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

/// Gives the calling thread a name of at most 15 bytes, for debuggers and `top`; it does without where that fails.
/// Through the file that Linux has for it: `pthread_setname_np` is hidden from Swift behind `_GNU_SOURCE`.
private func nameThisThread(_ name: String) {
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = unsafe bytes.withUnsafeBytes { bytes in unsafe write(descriptor, bytes.baseAddress, bytes.count) }
    _ = close(descriptor)
}
