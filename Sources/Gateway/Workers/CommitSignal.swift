import NIOConcurrencyHelpers

/// Passes commits on from the store, which is opened before there is anyone to tell, and remembers each collection's
/// last one.
final class CommitSignal: Sendable {
    typealias Observer = @Sendable (_ collections: Set<String>, _ headSeq: Int64) -> Void

    private struct State {
        var observer: Observer?
        var heads: [String: Int64] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var observer: Observer? {
        get { state.withLockedValue(\.observer) }
        set { state.withLockedValue { $0.observer = newValue } }
    }

    /// The collection's last commit since the start of this process, 0 where there was none: what a replica has to have
    /// applied to be up to date. The store's head, which other collections move, says nothing of that.
    func headSeq(of collection: String) -> Int64 { state.withLockedValue { $0.heads[collection] ?? 0 } }

    func signal(_ collections: Set<String>, _ headSeq: Int64) {
        let observer = state.withLockedValue { state in
            for collection in collections { state.heads[collection] = headSeq }
            return state.observer
        }
        observer?(collections, headSeq)
    }
}
