import NIOConcurrencyHelpers
import NIOCore
import RecordStore

/// Asks the store how it is, at most once at a time and not more often than is useful, and gives up on one that does not
/// answer: whoever watches this process wants an answer, above all from a disk that hangs.
final class StoreProbe: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<StoreHealth, Never>
        let timeout: Scheduled<Void>
    }

    private struct State {
        var latest: (health: StoreHealth, at: ContinuousClock.Instant)?
        var isAsking = false
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
    }

    private let store: RecordStore
    private let eventLoop: any EventLoop
    private let state = NIOLockedValueBox(State())

    /// How long an answer is good for.
    private static let answerLife = Duration.milliseconds(250)
    private static let patience = TimeAmount.seconds(2)

    init(store: RecordStore, eventLoop: any EventLoop) {
        self.store = store
        self.eventLoop = eventLoop
    }

    func health() async -> StoreHealth {
        await withCheckedContinuation { continuation in
            let (known, mustAsk) = state.withLockedValue { state -> (StoreHealth?, Bool) in
                if let latest = state.latest, ContinuousClock.now - latest.at < Self.answerLife { return (latest.health, false) }
                let id = state.nextID
                state.nextID += 1
                let timeout = eventLoop.scheduleTask(in: Self.patience) { [weak self] in
                    guard let self else { return }
                    giveUp(id)
                }
                state.waiters.append(Waiter(id: id, continuation: continuation, timeout: timeout))
                defer { state.isAsking = true }
                return (nil, !state.isAsking)
            }
            if let known { continuation.resume(returning: known) }
            if mustAsk { Task { await ask() } }
        }
    }

    private func ask() async {
        let health = await store.health()
        let waiters = state.withLockedValue { state in
            state.latest = (health, .now)
            state.isAsking = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters {
            waiter.timeout.cancel()
            waiter.continuation.resume(returning: health)
        }
    }

    private func giveUp(_ id: UInt64) {
        let waiter = state.withLockedValue { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: .failing("the store does not answer"))
    }
}
