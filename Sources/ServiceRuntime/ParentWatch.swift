import Foundation
import Glibc
import Logging
public import ServiceLifecycle

/// Ends the process when its parent does, however that dies: the parent holds the other end of our standard input open,
/// and the kernel closes it with the parent.
///
/// `prctl(PR_SET_PDEATHSIG)` would do without the pipe, but it follows the *thread* that forked, which in a parent with
/// a thread pool may end long before the process.
public struct ParentWatch: Service {
    /// How long after the parent's end a process that does not stop by itself is stopped all the same.
    private static let patience = Duration.seconds(20)

    public init() {}

    /// Returns when standard input reaches its end, or at a graceful shutdown.
    public func run() async throws {
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        let thread = Thread {
            Self.readToTheEnd()
            continuation.finish()
        }
        thread.name = "parent-watch"
        thread.start()
        await cancelWhenGracefulShutdown {
            for await _ in ends {}
        }
    }

    private static func readToTheEnd() {
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count > 0 || (count < 0 && errno == EINTR) { continue }
            break
        }
        let thread = Thread {
            Thread.sleep(forTimeInterval: TimeInterval(patience.components.seconds))
            // The service group was told to stop and has not: the parent cannot end us any more, so we do.
            _exit(1)
        }
        thread.name = "parent-gone"
        thread.start()
    }
}
