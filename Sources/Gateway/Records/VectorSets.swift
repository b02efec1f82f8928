import NIOConcurrencyHelpers
import RecordStore

/// Which set of vectors of each collection serves, and what is being made anew. Kept in step with the store by the one who
/// changes it, the `Reembedder`.
final class VectorSets: Sendable {
    private struct Known {
        var state: VectorState
        var predecessor: Int?
    }

    private let known = NIOLockedValueBox<[String: Known]>([:])
    /// Of the model that embeds queries now; `nil` without one.
    let modelDigest: String?

    init(modelDigest: String?) { self.modelDigest = modelDigest }

    func set(_ state: VectorState, of collection: String) {
        known.withLockedValue { known in
            let before = known[collection]
            var predecessor = before?.predecessor
            if let before = before?.state, before.generation != state.generation {
                let isOfOneModel = before.serving?.modelDigest == state.serving?.modelDigest
                predecessor = isOfOneModel && before.serving?.dimension == state.serving?.dimension ? before.generation : nil
            }
            known[collection] = Known(state: state, predecessor: predecessor)
        }
    }

    /// `nil`: nothing is known of the collection, or it has no vectors.
    func state(of collection: String) -> VectorState? { known.withLockedValue { $0[collection]?.state } }

    /// Grows when another set begins to serve.
    func generation(of collection: String) -> Int { state(of: collection)?.generation ?? 0 }

    /// The set that served before, if it was of the same model and ended since this process began: its vectors and those of
    /// the set that serves may be searched together.
    func predecessor(of collection: String) -> Int? { known.withLockedValue { $0[collection]?.predecessor } }

    /// Whether the vectors that serve are of another model than that of now: its queries would find nothing that makes sense.
    func serveAnotherModel(in collection: String) -> Bool {
        guard let serving = state(of: collection)?.serving?.modelDigest else { return false }
        return serving != modelDigest
    }
}
