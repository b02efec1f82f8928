internal import NIOConcurrencyHelpers
internal import Synchronization

/// The way from every thread to the hub's: a bounded queue of commands and the signal that wakes the poll.
final class HubMailbox: Sendable {
    private struct State {
        var commands: [HubCommand] = []
        /// Requests and notices among the commands, and their bytes: what the limits are about.
        var boundedCount = 0
        var boundedBytes = 0
        /// The eventfd was written and not yet read: writing it again would say nothing new.
        var isSignalled = false
        var isClosed = false
    }

    let wakeSignal: WakeSignal
    private let commandCountMax: Int
    private let commandBytesMax: Int
    private let state = NIOLockedValueBox(State())
    private let published = NIOLockedValueBox(MessagingCounters())
    private let lastID = Atomic<UInt64>(0)
    private let refusedCount = Atomic<Int>(0)

    init(wakeSignal: WakeSignal, commandCountMax: Int, commandBytesMax: Int) {
        self.wakeSignal = wakeSignal
        self.commandCountMax = commandCountMax
        self.commandBytesMax = commandBytesMax
    }

    /// Never 0, and never the same twice: for requests, peers and timers.
    func nextRequestID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    var counters: MessagingCounters {
        var counters = published.withLockedValue { $0 }
        counters.busyCount += refusedCount.load(ordering: .relaxed)
        return counters
    }

    func publish(_ counters: MessagingCounters) { published.withLockedValue { $0 = counters } }

    /// A command that is refused when too many wait. One that is larger than the limit is taken when nothing else waits.
    func postBounded(_ command: HubCommand, bytes: Int) throws(RequestError) {
        let outcome: Result<Bool, RequestError> = state.withLockedValue { state in
            guard !state.isClosed else { return .failure(.closed) }
            guard state.boundedCount < commandCountMax,
                state.boundedCount == 0 || state.boundedBytes + bytes <= commandBytesMax
            else { return .failure(.busy) }
            state.boundedCount += 1
            state.boundedBytes += bytes
            return .success(Self.append(command, to: &state))
        }
        if outcome == .failure(.busy) { refusedCount.add(1, ordering: .relaxed) }
        if try outcome.get() { wakeSignal.set() }
    }

    /// A reply: as many as requests came in, which is bounded there.
    func postReply(_ command: HubCommand) { post(command) }

    /// A cancellation: at most two for each request.
    func postCancel(_ command: HubCommand) { post(command) }

    /// Connecting, closing, timers: as many as their owner has objects.
    ///
    /// - Returns: False when the hub is closed.
    @discardableResult
    func postControl(_ command: HubCommand) -> Bool { post(command) }

    @discardableResult
    private func post(_ command: HubCommand) -> Bool {
        let needsSignal: Bool? = state.withLockedValue { state in
            state.isClosed ? nil : Self.append(command, to: &state)
        }
        if needsSignal == true { wakeSignal.set() }
        return needsSignal != nil
    }

    private static func append(_ command: HubCommand, to state: inout State) -> Bool {
        state.commands.append(command)
        defer { state.isSignalled = true }
        return !state.isSignalled
    }

    /// Nothing is taken any more; what is in the queue is still handled.
    func close() {
        state.withLockedValue { $0.isClosed = true }
        wakeSignal.set()
    }

    /// Everything that waits, in order, and whether it is the last. Called on the hub's thread, after `wakeSignal` was
    /// cleared: a command that comes in between is in this answer, and its signal at worst wakes once for nothing.
    func takeAll() -> (commands: [HubCommand], isClosed: Bool) {
        state.withLockedValue { state in
            defer {
                state.commands = []
                state.boundedCount = 0
                state.boundedBytes = 0
                state.isSignalled = false
            }
            return (state.commands, state.isClosed)
        }
    }
}
