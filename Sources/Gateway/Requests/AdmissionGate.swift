import NIOConcurrencyHelpers
import NIOCore

/// Lets a bounded number of requests of one class be served at once; a few more wait for a moment, in order, and the rest
/// are refused.
///
/// A queue that is longer than what can be served within the patience of those who wait makes everybody late and nobody
/// happy: what cannot begin within `waitMax` is told so, and comes back when it is told to.
final class AdmissionGate: Sendable {
    struct Limits: Sendable {
        /// Requests served at once, at least 1.
        var runningMax: Int
        /// Requests that may wait; 0: none does.
        var waitingMax: Int
        var waitMax: Duration
    }

    struct Figures: Sendable {
        var running = 0
        var waiting = 0
        var shed: UInt64 = 0
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Bool, Never>
        let timeout: Scheduled<Void>
    }

    private struct State {
        var figures = Figures()
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
    }

    let limits: Limits
    private let eventLoop: any EventLoop
    private let state = NIOLockedValueBox(State())

    init(_ limits: Limits, eventLoop: any EventLoop) {
        precondition(limits.runningMax > 0 && limits.waitingMax >= 0, "a gate that nothing passes")
        self.limits = limits
        self.eventLoop = eventLoop
    }

    var figures: Figures {
        state.withLockedValue { state in
            var figures = state.figures
            figures.waiting = state.waiters.count
            return figures
        }
    }

    /// Throws when a request that entered now would be refused at once.
    func refuseEarly() throws(ServiceFailure) {
        let isFull = state.withLockedValue { state in
            let isFull = state.figures.running >= limits.runningMax && state.waiters.count >= limits.waitingMax
            if isFull { state.figures.shed += 1 }
            return isFull
        }
        if isFull { throw Self.refusal }
    }

    private static var refusal: ServiceFailure {
        .unavailable("The gateway has more requests than it can serve", retryAfter: .seconds(1))
    }

    /// A place, where one is free.
    func enterNow() -> AdmissionTicket? {
        let isIn = state.withLockedValue { state in
            guard state.figures.running < limits.runningMax else { return false }
            state.figures.running += 1
            return true
        }
        return isIn ? AdmissionTicket(gate: self) : nil
    }

    /// Returns when the request may be served; throws when it is refused.
    func enter() async throws(ServiceFailure) -> AdmissionTicket {
        let isIn = await withCheckedContinuation { continuation in
            let decision: Bool? = state.withLockedValue { state in
                if state.figures.running < limits.runningMax {
                    state.figures.running += 1
                    return true
                }
                guard state.waiters.count < limits.waitingMax else {
                    state.figures.shed += 1
                    return false
                }
                let id = state.nextID
                state.nextID += 1
                let timeout = eventLoop.scheduleTask(in: TimeAmount(limits.waitMax)) { [weak self] in
                    guard let self else { return }
                    giveUp(id)
                }
                state.waiters.append(Waiter(id: id, continuation: continuation, timeout: timeout))
                return nil
            }
            if let decision { continuation.resume(returning: decision) }
        }
        guard isIn else { throw Self.refusal }
        return AdmissionTicket(gate: self)
    }

    private func giveUp(_ id: UInt64) {
        let waiter = state.withLockedValue { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            state.figures.shed += 1
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }

    /// The place of one that leaves goes to the one that has waited longest.
    fileprivate func leave() {
        let next = state.withLockedValue { state -> Waiter? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.figures.running -= 1
            return nil
        }
        next?.timeout.cancel()
        next?.continuation.resume(returning: true)
    }
}

/// The right to be served. Released, it is given back.
final class AdmissionTicket: Sendable {
    private let gate: AdmissionGate
    private let isOver = NIOLockedValueBox(false)

    fileprivate init(gate: AdmissionGate) { self.gate = gate }

    deinit { leave() }

    /// Gives the place away now; a second call does nothing.
    func leave() {
        let isFirst = isOver.withLockedValue { isOver in
            defer { isOver = true }
            return !isOver
        }
        if isFirst { gate.leave() }
    }
}
