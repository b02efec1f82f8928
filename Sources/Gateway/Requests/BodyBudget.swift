import NIOConcurrencyHelpers

/// The memory that request bodies may take together: each is taken account of before it is read.
final class BodyBudget: Sendable {
    let bytesMax: Int
    private let reservedBytes = NIOLockedValueBox(0)

    /// - Parameter bytesMax: At least as much as the largest single body.
    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Takes account of a body of at most `bytes`; `nil` when there is no room for it now.
    func reserve(_ bytes: Int) -> BodyReservation? {
        let fits = reservedBytes.withLockedValue { reserved in
            guard reserved + bytes <= bytesMax else { return false }
            reserved += bytes
            return true
        }
        return fits ? BodyReservation(budget: self, bytes: bytes) : nil
    }

    var usedBytes: Int { reservedBytes.withLockedValue { $0 } }

    fileprivate func giveBack(_ bytes: Int) { reservedBytes.withLockedValue { $0 -= bytes } }
}

/// Room for one body. Released, it is given back.
final class BodyReservation: Sendable {
    private let budget: BodyBudget
    private let bytes: Int

    fileprivate init(budget: BodyBudget, bytes: Int) {
        self.budget = budget
        self.bytes = bytes
    }

    deinit { budget.giveBack(bytes) }
}
