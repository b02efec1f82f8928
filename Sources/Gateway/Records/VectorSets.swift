import NIOConcurrencyHelpers
import RecordStore

/// Which set of vectors of each collection serves, and what is being made anew. Kept in step with the store by the one who
/// changes it, the `Reembedder`.
final class VectorSets: Sendable {
    private let states: NIOLockedValueBox<[String: VectorState]>
    private let modelDigest: String?

    /// - Parameter modelDigest: Of the model that embeds queries now.
    init(modelDigest: String?) {
        self.modelDigest = modelDigest
        states = NIOLockedValueBox([:])
    }

    func set(_ state: VectorState, of collection: String) { states.withLockedValue { $0[collection] = state } }

    /// `nil`: nothing is known of the collection, or it has no vectors.
    func state(of collection: String) -> VectorState? { states.withLockedValue { $0[collection] } }

    /// Grows when another set begins to serve.
    func generation(of collection: String) -> Int { state(of: collection)?.generation ?? 0 }

    /// Whether the vectors that serve are of another model than that of now: its queries would find nothing that makes sense.
    func serveAnotherModel(in collection: String) -> Bool {
        guard let serving = state(of: collection)?.serving?.modelDigest else { return false }
        return serving != modelDigest
    }
}
