import Glibc

/// A thread of low priority that keeps indexes arranged: `VectorIndex.arrange` and `compact`, a step at a time, for
/// those that were named since they were last done with.
///
/// It holds an index only while it has work for it, and none when nothing changes: then it sleeps. Other work that may wait
/// can be done between two steps (`run`), so that all that is done in the background takes one core at most.
public final class BackgroundArranger: Sendable {
    /// Added to the thread's niceness: searches and the feed come first.
    private static let niceness: Int32 = 10

    private static let errandCountMax = 16

    private struct State {
        /// Oldest first.
        var errands: [@Sendable () -> Void] = []
        /// Oldest first, each once.
        var waiting: [VectorIndex] = []
        /// Nobody wants the index any more whose step runs.
        var isWorkForgotten = false
        var working: VectorIndex?
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

    /// Has `errand` called once on the thread, after the step that runs; returns at once.
    ///
    /// - Returns: `false`: too many wait, or `shutdown` was called, and it never is.
    public func run(_ errand: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.errands.count < Self.errandCountMax else { return false }
            state.errands.append(errand)
            return true
        }
        if isTaken { state.wakeOne() }
        return isTaken
    }

    /// Lets go of an index that nobody searches any more: after the step that may run now, it is not held here.
    public func forget(_ index: VectorIndex) {
        state.withLock { state in
            state.waiting.removeAll { $0 === index }
            if state.working === index { state.isWorkForgotten = true }
        }
    }

    /// Returns when the step that runs is done and the thread has ended. A second call does no harm.
    public func shutdown() {
        state.withLock { state in
            state.isClosed = true
            state.waiting = []
            state.errands = []
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

    private enum Work {
        case errand(@Sendable () -> Void)
        case step(VectorIndex)
        case end
    }

    private static func work(_ state: Monitor<State>) {
        while true {
            let next: Work = state.waitUntil { state in
                if state.isClosed { return .end }
                if !state.errands.isEmpty { return .errand(state.errands.removeFirst()) }
                guard !state.waiting.isEmpty else { return nil }
                let index = state.waiting.removeFirst()
                state.working = index
                state.isWorkForgotten = false
                return .step(index)
            }
            switch next {
            case .errand(let errand): errand()
            case .step(let index): step(index, state)
            case .end: return
            }
        }
    }

    private static func step(_ index: VectorIndex, _ state: Monitor<State>) {
        let isUnfinished = index.arrange() || index.compact(rowLimit: 1_000)
        // Behind the others that wait.
        state.withLock { state in
            state.working = nil
            guard isUnfinished, !state.isWorkForgotten, !state.isClosed else { return }
            if !state.waiting.contains(where: { $0 === index }) { state.waiting.append(index) }
        }
    }
}
