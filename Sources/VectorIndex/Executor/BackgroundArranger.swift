import Glibc

/// A thread of low priority that keeps indexes arranged: `VectorIndex.arrange` and `compact`, a step at a time, for
/// those that were named since they were last done with.
///
/// It holds an index only while it has work for it, and none when nothing changes: then it sleeps.
public final class BackgroundArranger: Sendable {
    /// Added to the thread's niceness: searches and the feed come first.
    private static let niceness: Int32 = 10

    private struct State {
        /// Oldest first, each once.
        var waiting: [VectorIndex] = []
        var isClosed = false
    }

    private let state: Monitor<State>
    private let thread: Monitor<pthread_t?>

    /// Starts the thread, named `kazi-arrange`.
    public init() {
        let state = Monitor(State())
        self.state = state
        thread = Monitor(
            startThread(named: "kazi-arrange") {
                // For this thread alone: on Linux a process and a thread are the same kind of number.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
                Self.work(state)
            })
    }

    deinit { shutdown() }

    /// Has `index` looked after until there is nothing more to do; returns at once. To be called after each batch.
    public func arrange(_ index: VectorIndex) {
        state.withLock { state in
            if !state.isClosed, !state.waiting.contains(where: { $0 === index }) { state.waiting.append(index) }
        }
        state.wakeOne()
    }

    /// Returns when the step that runs is done and the thread has ended. A second call does no harm.
    public func shutdown() {
        state.withLock { state in
            state.isClosed = true
            state.waiting = []
        }
        state.wakeAll()
        let running = thread.withLock { thread in
            let running = thread
            thread = nil
            return running
        }
        guard let running else { return }
        if pthread_equal(running, pthread_self()) != 0 { pthread_detach(running) } else { pthread_join(running, nil) }
    }

    private static func work(_ state: Monitor<State>) {
        while true {
            let next: VectorIndex?? = state.waitUntil { state in
                if state.isClosed { return .some(nil) }
                return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
            }
            guard let index = next ?? nil else { return }
            let isUnfinished = index.arrange() || index.compact(rowLimit: 1_000)
            guard isUnfinished else { continue }
            // Behind the others that wait.
            state.withLock { state in
                if !state.isClosed, !state.waiting.contains(where: { $0 === index }) { state.waiting.append(index) }
            }
        }
    }
}
