/// The gateway's picture of its workers, and every decision that follows from it: who is alive, who holds which shard and
/// how far each has applied the feed, whom to ask for a search, when to hedge, retry, wait or give up, and how to merge.
///
/// Pure: what happened goes in as events, what to do comes out as actions, and time is an argument. There is no I/O, no
/// clock, no lock and no random number but from the generator in the state, so the same events give the same actions. The
/// caller owns the sockets and the timer, feeds events in one at a time (from under one lock, or from one thread), and
/// performs the actions in order.
///
/// What it promises, if the caller sends the ticks it asks for:
/// - Every query ends once: with `complete`, `fail`, or the caller's own `queryCancelled`; at the latest with the first
///   event at or after its deadline.
/// - `complete` with full coverage holds the best hits of every shard of one set, each from a replica that had applied
///   `minSeq`.
/// - Nothing is sent to a worker that is known to be gone, nor more than a worker takes at once.
/// - Everything is bounded, and what ended leaves nothing behind.
public struct Cluster: Sendable {
    public let configuration: ClusterConfiguration
    public internal(set) var counters = ClusterCounters()

    let startedAt: ClusterInstant
    /// The time of the current event. Never goes back.
    var now: ClusterInstant
    /// What the current event has led to so far.
    var actions: [ClusterAction] = []

    var workers = Slab<Worker>()
    var workerSlots: [WorkerID: Int] = [:]
    /// When a worker's silence has to be looked at.
    var workerTimers = TimerHeap()

    var collectionStates = Slab<CollectionState>()
    var collectionSlots: [String: Int] = [:]
    /// When a collection without replicas is forgotten.
    var collectionTimers = TimerHeap()
    /// Collections whose waiting queries have to be looked at before the event ends.
    var notedWakes: [Int] = []

    var queries = Slab<QueryState>()
    /// The next moment at which something is due in a query: a hedge, a look while waiting, its deadline.
    var queryTimers = TimerHeap()
    var waitingQueryCount = 0
    var attempts = Slab<Attempt>()

    var budget: RetryBudget
    var random: SeededRandom
    /// What the caller's timer is set to.
    var timerSetTo: ClusterInstant?

    /// - Parameters:
    ///   - configuration: One without a `problem`.
    ///   - seed: Of the choices between equals.
    ///   - startedAt: Now. For `waitForReplica` every worker counts as lost at this moment: those that ran before this
    ///     process started will announce themselves soon.
    public init(configuration: ClusterConfiguration = .init(), seed: UInt64, startedAt: ClusterInstant) {
        precondition(configuration.problem == nil, "the cluster's configuration has a problem")
        self.configuration = configuration
        self.startedAt = startedAt
        now = startedAt
        budget = RetryBudget(configuration, startedAt: startedAt)
        random = SeededRandom(seed: seed)
    }

    /// Takes an event in and appends what has to be done.
    ///
    /// - Complexity: A report about an attempt is O(replicas of its shard + log of pending queries); an announcement
    ///   O(its replicas × log of the collection's).
    public mutating func handle(_ event: ClusterEvent, now: ClusterInstant, actions: inout [ClusterAction]) {
        begin(now: now, actions: &actions)
        switch event {
        case .announced(let announcement): received(announcement)
        case .saidGoodbye(let worker): saidGoodbye(worker)
        case .progressed(let worker, let key, let appliedSeq): progressed(worker, key, appliedSeq: appliedSeq)
        case .connectionLost(let worker): connectionLost(worker)
        case .connectionRestored(let worker): connectionRestored(worker)
        case .attemptSucceeded(let attempt, let appliedSeq, let hits, let guarantee):
            attemptSucceeded(attempt, appliedSeq: appliedSeq, hits: hits, guarantee: guarantee)
        case .attemptFailed(let attempt, let failure): attemptFailed(attempt, failure)
        case .queryCancelled(let query): queryCancelled(query)
        case .tick:
            // Whether or not it came at the right moment, the caller's timer may have been used up.
            timerSetTo = nil
        }
        end(actions: &actions)
    }

    /// Begins a query. Its end may already be among the actions.
    ///
    /// - Returns: The id under which the actions speak of it.
    /// - Complexity: O(replicas of the collection + log of pending queries).
    public mutating func startQuery(
        _ plan: QueryPlan, now: ClusterInstant, actions: inout [ClusterAction]
    ) -> QueryID {
        begin(now: now, actions: &actions)
        let query = start(plan)
        end(actions: &actions)
        return query
    }

    // MARK: Around every event

    private mutating func begin(now: ClusterInstant, actions: inout [ClusterAction]) {
        swap(&self.actions, &actions)
        self.now = max(self.now, now)
        forgiveOwnPause()
    }

    private mutating func end(actions: inout [ClusterAction]) {
        runDueTimers()
        wakeNotedWaiters()
        setTimer()
        swap(&self.actions, &actions)
    }

    /// When this process stood still, a late timer says so, and the workers' silence meanwhile proves nothing: their
    /// messages may lie unread behind this event.
    private mutating func forgiveOwnPause() {
        guard let timerSetTo else { return }
        let pause = now.nanoseconds(since: timerSetTo)
        guard pause > configuration.suspectAfter.wholeNanoseconds / 2 else { return }
        counters.ownPauseCount += 1
        for slot in workerSlots.values {
            let heard = workers.elements[slot].lastHeard.advanced(byNanoseconds: pause)
            workers.elements[slot].lastHeard = min(heard, now)
        }
        self.timerSetTo = now
    }

    private mutating func runDueTimers() {
        while let slot = workerTimers.due(at: now) { workerTimerFired(slot) }
        while let slot = queryTimers.due(at: now) { queryTimerFired(slot) }
        while let slot = collectionTimers.due(at: now) { collectionTimerFired(slot) }
    }

    /// Asks for a tick when the timer is not set or would come too late. One that comes too early is left: its tick
    /// finds nothing due and sets it anew, which is cheaper than setting it with every answer.
    private mutating func setTimer() {
        var earliest = min(workerTimers.earliest ?? .distantFuture, queryTimers.earliest ?? .distantFuture)
        earliest = min(earliest, collectionTimers.earliest ?? .distantFuture)
        guard earliest != .distantFuture else { return }
        if let timerSetTo, timerSetTo <= earliest, timerSetTo > now { return }
        timerSetTo = earliest
        actions.append(.setTimer(earliest))
    }
}
