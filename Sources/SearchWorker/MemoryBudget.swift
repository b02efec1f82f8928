import NIOConcurrencyHelpers

/// How much memory the indexes of a worker may take together, and what each has set aside of it.
///
/// The process itself takes some 40 MB on top, and what is being sent and received.
final class MemoryBudget: Sendable {
    /// `nil`: as much as they like.
    let limitBytes: Int?
    private let reservations = NIOLockedValueBox<[ObjectIdentifier: Int]>([:])

    init(limitBytes: Int?) { self.limitBytes = limitBytes }

    /// Sets aside `bytes` for `owner` in place of what it had; or changes nothing, and returns `false`, when the others
    /// leave less.
    func reserve(_ bytes: Int, for owner: AnyObject) -> Bool {
        guard let limitBytes else { return true }
        return reservations.withLockedValue { reservations in
            let own = reservations[ObjectIdentifier(owner)] ?? 0
            guard reservations.values.reduce(0, +) - own + bytes <= limitBytes else { return false }
            reservations[ObjectIdentifier(owner)] = bytes
            return true
        }
    }

    func release(_ owner: AnyObject) {
        reservations.withLockedValue { $0[ObjectIdentifier(owner)] = nil }
    }
}
