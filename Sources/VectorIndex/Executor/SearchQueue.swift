/// What the threads of a `SearchExecutor` share: the searches that wait, and the passes that want helpers.
final class SearchQueue: Sendable {
    fileprivate struct State {
        /// Oldest first.
        var waiting: [SearchJob] = []
        /// Passes with parts that no thread has begun.
        var openPasses: [SplitPass] = []
        var idleThreadCount = 0
        var isClosed = false
    }

    private enum Work {
        case jobs([SearchJob], idleThreadCount: Int)
        case part(SplitPass, Int)
        case end
    }

    private let limit: Int
    private let state = Monitor(State())

    init(limit: Int) { self.limit = limit }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func put(_ job: SearchJob) throws(SearchFailure) {
        try state.withLock { state throws(SearchFailure) in
            guard !state.isClosed else { throw .shutDown }
            guard state.waiting.count < limit else { throw .busy }
            state.waiting.append(job)
        }
        state.wakeOne()
    }

    /// Nothing is taken any more; returns what waited.
    func close() -> [SearchJob] {
        let jobs = state.withLock { state in
            let jobs = state.waiting
            state.waiting = []
            state.isClosed = true
            return jobs
        }
        state.wakeAll()
        return jobs
    }

    /// A thread's life: takes work until the queue is closed and no pass wants help.
    func work() {
        while true {
            switch nextWork() {
            case .jobs(let jobs, let idleThreadCount): run(jobs, idleThreadCount: idleThreadCount)
            case .part(let pass, let part): pass.run(part)
            case .end: return
            }
        }
    }

    private func nextWork() -> Work {
        var isIdle = false
        return state.waitUntil { state in
            if isIdle {
                state.idleThreadCount -= 1
                isIdle = false
            }
            // Passes that have begun come first: their searches are older.
            if let (pass, part) = state.takePart() { return .part(pass, part) }
            if !state.waiting.isEmpty {
                return .jobs(state.takeJobs(), idleThreadCount: state.idleThreadCount)
            }
            if state.isClosed { return .end }
            state.idleThreadCount += 1
            isIdle = true
            return nil
        }
    }

    private func run(_ jobs: [SearchJob], idleThreadCount: Int) {
        var alive: [SearchJob] = []
        for job in jobs {
            if job.isExpired() { job.completion(.failure(.expired)) } else { alive.append(job) }
        }
        guard let first = alive.first else { return }
        let batch = QueryBatch(view: first.index.view, queries: alive.map(\.query))
        batch.probe { alive[$0].completion(.success($1)) }
        guard let scan = batch.scanPass() else { return }
        let pass = SplitPass(scan, jobs: batch.scanned.map { alive[$0] }, partCountLimit: 1 + idleThreadCount)
        guard pass.partCount > 1 else { return pass.run(0) }
        state.withLock { $0.openPasses.append(pass) }
        for _ in 1 ..< pass.partCount { state.wakeOne() }
        // A thread that was idle may have found other work by now: then its part is left to this one. Nobody waits
        // for the others; whoever finishes the last part completes the searches.
        while let part = state.withLock({ $0.takePart(of: pass) }) { pass.run(part) }
    }
}

extension SearchQueue.State {
    /// The oldest search and those of the same index, as many as a pass takes.
    fileprivate mutating func takeJobs() -> [SearchJob] {
        let index = waiting[0].index
        var jobs: [SearchJob] = [], others: [SearchJob] = []
        for job in waiting {
            if job.index === index, jobs.count < ScanPass.queryLimit { jobs.append(job) } else { others.append(job) }
        }
        waiting = others
        return jobs
    }

    fileprivate mutating func takePart() -> (SplitPass, Int)? {
        guard let pass = openPasses.first, let part = takePart(of: pass) else { return nil }
        return (pass, part)
    }

    fileprivate mutating func takePart(of pass: SplitPass) -> Int? {
        guard let position = openPasses.firstIndex(where: { $0 === pass }) else { return nil }
        let (part, isLast) = pass.takePart()
        if isLast { openPasses.remove(at: position) }
        return part
    }
}
