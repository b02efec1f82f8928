import NIOConcurrencyHelpers

/// Passes commits on from the store, which is opened before there is anyone to tell.
final class CommitSignal: Sendable {
    typealias Observer = @Sendable (_ collections: Set<String>, _ headSeq: Int64) -> Void

    private let box = NIOLockedValueBox<Observer?>(nil)

    var observer: Observer? {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }

    func signal(_ collections: Set<String>, _ headSeq: Int64) { observer?(collections, headSeq) }
}
