/// A pass cut into contiguous parts for several threads. The thread that finishes the last part merges what all have
/// found and completes the searches.
final class SplitPass: Sendable {
    /// Fewer rows than 16,384 a part are scanned before another thread has woken up.
    static let partWordCountMinimum = 256

    private struct State {
        var nextPart = 0
        var unfinishedCount: Int
        var partials: [ScanPass.Partial]?
    }

    let partCount: Int
    private let pass: ScanPass
    private let jobs: [SearchJob]
    private let state: Monitor<State>

    init(_ pass: ScanPass, jobs: [SearchJob], partCountLimit: Int) {
        self.pass = pass
        self.jobs = jobs
        partCount = max(1, min(partCountLimit, pass.view.wordCount / Self.partWordCountMinimum))
        state = Monitor(State(unfinishedCount: partCount))
    }

    /// The index of a part that nobody has begun, and whether it is the last such; not called after that.
    func takePart() -> (part: Int, isLast: Bool) {
        state.withLock { state in
            let part = state.nextPart
            precondition(part < partCount, "a part that there is")
            state.nextPart += 1
            return (part, state.nextPart == partCount)
        }
    }

    func run(_ part: Int) {
        let wordCount = pass.view.wordCount
        let partials = pass.scan(words: part * wordCount / partCount ..< (part + 1) * wordCount / partCount)
        let all: [ScanPass.Partial]? = state.withLock { state in
            if let earlier = state.partials {
                state.partials = zip(earlier, partials).map { earlier, partial in
                    var merged = earlier
                    merged.merge(partial)
                    return merged
                }
            } else {
                state.partials = partials
            }
            state.unfinishedCount -= 1
            return state.unfinishedCount == 0 ? state.partials : nil
        }
        guard let all else { return }
        for (job, result) in zip(jobs, pass.finish(all)) { job.completion(.success(result)) }
    }
}
