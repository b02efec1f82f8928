import NIOConcurrencyHelpers
import VectorIndex

/// Replays a few of the live searches, in the background, to see what searches through lists really find.
///
/// One at a time, on the thread of low priority that also arranges rows, and no more of them than `ReplayBudget` allows.
/// Searches that compared all rows are not replayed: there is nothing to find out.
final class RecallSampler: Sendable {
    /// The depth of the measurement, whatever the search itself asked for.
    static let resultLimit = 10

    private let arranger: BackgroundArranger
    private let budget = NIOLockedValueBox(ReplayBudget())

    init(arranger: BackgroundArranger) { self.arranger = arranger }

    /// Takes the search for a sample if it is time for one; `window` then gets what came of it.
    ///
    /// Called after each search by the thread that answered it, so it does next to nothing itself.
    func offer(_ request: SearchRequest, _ result: SearchResult, of index: VectorIndex, to window: RecallWindow) {
        guard case .estimatedRecall = result.guarantee else { return }
        guard budget.withLockedValue({ $0.begin(at: .now) }) else { return }
        let isTaken = arranger.run { [self, weak index] in
            let start = ContinuousClock.now
            if let index { replay(request, index, window) }
            let end = ContinuousClock.now
            budget.withLockedValue { $0.end(at: end, after: end - start) }
        }
        if !isTaken { budget.withLockedValue { $0.end(at: .now, after: .zero) } }
    }

    private func replay(_ request: SearchRequest, _ index: VectorIndex, _ window: RecallWindow) {
        var request = request
        request.resultLimit = Self.resultLimit
        // Ten rows are wanted even where the request would have taken fewer.
        request.minimumScore = nil
        // A request that was answered once is valid, so an error here is none to anybody.
        guard let sample = try? index.recallSample(of: request) else { return }
        window.record(sample)
    }
}

/// When the next replay may begin: one at a time, and so that replays take a small share of one core's time.
struct ReplayBudget {
    /// A replay that took so long is followed by a rest of 99 times that.
    static let restFactor = 99
    /// Replays of small collections are short; more of them would tell no more.
    static let restMin = Duration.milliseconds(250)

    private var isReplaying = false
    private var restsUntil: ContinuousClock.Instant?

    /// Whether a replay may begin; if so, `end` has to follow.
    mutating func begin(at now: ContinuousClock.Instant) -> Bool {
        guard !isReplaying, restsUntil.map({ $0 <= now }) ?? true else { return false }
        isReplaying = true
        return true
    }

    mutating func end(at now: ContinuousClock.Instant, after duration: Duration) {
        isReplaying = false
        restsUntil = now + max(Self.restMin, duration * Self.restFactor)
    }
}
