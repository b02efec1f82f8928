import Cluster
import NIOConcurrencyHelpers

/// Tells a collection whose workers are a moment behind, as they are while records come in, from one whose workers have
/// stopped following.
final class LagWatch: Sendable {
    private struct Mark {
        var appliedSeq: Int64
        var since: ContinuousClock.Instant
    }

    private let marks = NIOLockedValueBox<[String: Mark]>([:])
    /// Without any progress for this long, workers that are behind are no longer ready.
    private let patience: Duration

    init(patience: Duration = .seconds(30)) { self.patience = patience }

    /// Whether no replica that is asked has come nearer to the head for too long. Called whenever somebody asks how the
    /// gateway is: a process that nobody watches keeps no watch.
    func isStalled(_ health: CollectionHealth, headSeq: Int64, now: ContinuousClock.Instant = .now) -> Bool {
        guard let appliedSeq = health.appliedSeqMax else { return false }
        return marks.withLockedValue { marks in
            guard appliedSeq < headSeq else {
                marks[health.collection] = nil
                return false
            }
            guard let mark = marks[health.collection], mark.appliedSeq == appliedSeq else {
                marks[health.collection] = Mark(appliedSeq: appliedSeq, since: now)
                return false
            }
            return now - mark.since >= patience
        }
    }
}
