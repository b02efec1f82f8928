import Glibc

/// A fixed set of threads that answer searches, with a bounded queue in front.
///
/// Searches of one index that wait together are answered in one pass over its rows, up to eight at a time. A pass over
/// a large index is cut into contiguous ranges of rows when threads are idle, so a lone search uses them all. One
/// executor may serve many indexes. It knows no clock: whoever submits says when a search has expired.
public final class SearchExecutor: Sendable {
    public struct Configuration: Sendable, Hashable {
        public static let threadCountRange = 1...1_024

        /// Threads that scan: as many as there are cores, unless others need some of them.
        public var threadCount: Int
        /// Searches that may wait, besides those being answered; one more is refused as `busy`.
        public var queueLimit: Int

        /// Values out of range are brought into it: `threadCount` 1...1,024, `queueLimit` at least 1.
        public init(threadCount: Int, queueLimit: Int = 256) {
            self.threadCount = min(max(threadCount, Self.threadCountRange.lowerBound), Self.threadCountRange.upperBound)
            self.queueLimit = max(queueLimit, 1)
        }
    }

    public let configuration: Configuration
    private let queue: SearchQueue
    private let threads: Monitor<[pthread_t]>

    /// Starts the threads, named `kazi-search-0`, `kazi-search-1` and so on.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        let queue = SearchQueue(limit: configuration.queueLimit)
        self.queue = queue
        threads = Monitor((0 ..< configuration.threadCount).map { index in
            startThread(named: "kazi-search-\(index)") { queue.work() }
        })
    }

    deinit { shutdown() }

    /// Puts a search in the queue; returns at once.
    ///
    /// - Parameters:
    ///   - isExpired: Asked once, when the search's turn comes: if true, `completion` gets `.expired` and nothing is
    ///     scanned. Runs on an executor thread and must not block.
    ///   - completion: Called once, on an executor thread or in `shutdown`. Must not block: the thread is needed.
    /// - Throws: `busy`, `invalid` or `shutDown`; then `completion` is never called.
    public func submit(
        _ request: SearchRequest, to index: VectorIndex, isExpired: @escaping @Sendable () -> Bool = { false },
        completion: @escaping @Sendable (Result<SearchResult, SearchFailure>) -> Void
    ) throws(SearchFailure) {
        let query: PreparedQuery
        do { query = try index.prepare(request) } catch { throw .invalid(error) }
        try queue.put(SearchJob(query: query, index: index, isExpired: isExpired, completion: completion))
    }

    /// Searches that wait for a thread.
    public var waitingCount: Int { queue.waitingCount }

    /// Completes every waiting search with `.shutDown`, lets the running ones finish, and returns when the threads have
    /// ended; a thread that calls it from a completion ends on its own afterwards. A second call does no harm.
    public func shutdown() {
        for job in queue.close() { job.completion(.failure(.shutDown)) }
        let threads = threads.withLock { list in
            let threads = list
            list = []
            return threads
        }
        for thread in threads {
            if pthread_equal(thread, pthread_self()) != 0 {
                pthread_detach(thread)
            } else {
                pthread_join(thread, nil)
            }
        }
    }
}

/// A search that waits.
struct SearchJob: Sendable {
    let query: PreparedQuery
    let index: VectorIndex
    let isExpired: @Sendable () -> Bool
    let completion: @Sendable (Result<SearchResult, SearchFailure>) -> Void
}

/// Starts a joinable thread that runs `body`.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    let box = unsafe Unmanaged.passRetained(Box(name: name, body: body))
    var thread = pthread_t()
    let status = unsafe pthread_create(&thread, nil, { argument in
        guard let argument = unsafe argument else { return nil }
        let box = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
        nameCurrentThread(box.name)
        box.body()
        return nil
    }, box.toOpaque())
    // At start, before anything is served: the process cannot do its work without threads.
    precondition(status == 0, "the system has no thread left")
    return thread
}

/// Names the calling thread for debuggers and `top -H`, which show the first 15 bytes; without effect where /proc is
/// missing. Through the file, because `pthread_setname_np` is a GNU extension that the Glibc module leaves out.
private func nameCurrentThread(_ name: String) {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    var name = name
    _ = name.withUTF8 { unsafe write(file, $0.baseAddress, $0.count) }
    close(file)
}
