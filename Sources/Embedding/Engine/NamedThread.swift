import Glibc

/// A detached thread with a name that `top -H` shows and a niceness of its own.
enum NamedThread {
    private final class Start: Sendable {
        let name: String
        let niceness: Int32
        let body: @Sendable () -> Void

        init(_ name: String, _ niceness: Int32, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.niceness = niceness
            self.body = body
        }

        func run() {
            nameCallingThread(name)
            // On Linux the niceness of process 0, the caller, is that of the calling thread alone. It is a wish: a system
            // that refuses it still runs the thread.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
            body()
        }
    }

    /// - Parameters:
    ///   - name: At most 15 bytes, the system's limit; what is longer is cut off.
    ///   - niceness: 0 as everyone, up to 19 for what should only use what others leave.
    static func start(name: String, niceness: Int32, _ body: @escaping @Sendable () -> Void) {
        let start = unsafe Unmanaged.passRetained(Start(name, niceness, body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.run()
                return nil
            }, start.toOpaque())
        // Once, at the start of a service: without its threads there is none.
        precondition(code == 0, "the system gives no thread")
        pthread_detach(thread)
    }

    /// Through the file that Linux has for it: `pthread_setname_np` is hidden from Swift behind `_GNU_SOURCE`. Best effort.
    private static func nameCallingThread(_ name: String) {
        let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = unsafe write(descriptor, name, min(name.utf8.count, 15))
        close(descriptor)
    }
}
