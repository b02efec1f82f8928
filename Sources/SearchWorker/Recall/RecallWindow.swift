import NIOConcurrencyHelpers
import VectorIndex
import WireProtocol

/// What the last replays of searches of one replica found, and what follows from it for what searches promise.
final class RecallWindow: Sendable {
    /// Ten rows a replay, so some thousands of rows.
    static let sampleCountMax = 256
    /// Fewer replays do not correct a promise: a hundredth of recall is within their chance.
    static let sampleCountMin = 32

    private struct State {
        /// Those of searches that were not exact; the oldest is at `replayCount % sampleCountMax` once all places are taken.
        var samples: [RecallSample] = []
        var replayCount: UInt64 = 0
        var foundCount = 0
        var wantedCount = 0
        /// Rows that the answers promised to have.
        var promisedCount = 0.0
    }

    private let state = NIOLockedValueBox(State())

    func record(_ sample: RecallSample) {
        guard sample.wantedCount > 0, sample.estimatedRecall != nil else { return }
        state.withLockedValue { state in
            let place = Int(state.replayCount % UInt64(Self.sampleCountMax))
            if state.samples.count < Self.sampleCountMax {
                state.samples.append(sample)
            } else {
                state.samples[place] = sample
            }
            state.replayCount += 1
            // Summed anew: sums that are added to and taken from for months would drift.
            state.foundCount = state.samples.reduce(0) { $0 + $1.foundCount }
            state.wantedCount = state.samples.reduce(0) { $0 + $1.wantedCount }
            state.promisedCount = state.samples.reduce(0) { $0 + Double($1.estimatedRecall ?? 1) * Double($1.wantedCount) }
        }
    }

    /// What was found of what was wanted, 0...1; `nil` before the first replay.
    var measuredRecall: Float? {
        state.withLockedValue { state in
            state.wantedCount == 0 ? nil : Float(state.foundCount) / Float(state.wantedCount)
        }
    }

    /// Since the replica was made.
    var replayCount: UInt64 { state.withLockedValue(\.replayCount) }

    /// What an answer may promise: the index's own estimate, less what live queries were found to fall short of such
    /// estimates. They may be unlike the rows by which the index made it.
    func guarantee(_ guarantee: SearchResult.Guarantee) -> SearchGuarantee {
        switch guarantee {
        case .exact: .exact
        case .estimatedRecall(let recall):
            state.withLockedValue { state in
                guard state.samples.count >= Self.sampleCountMin else { return .estimatedRecall(recall) }
                let excess = (Double(state.foundCount) - state.promisedCount) / Double(state.wantedCount)
                return .estimatedRecall(max(0, recall + Float(min(0, excess))))
            }
        }
    }
}
