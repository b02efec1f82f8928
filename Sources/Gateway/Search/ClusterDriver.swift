import Cluster
import Messaging
import NIOConcurrencyHelpers
import NIOCore
import RecordStore
import WireProtocol

/// Performs what `Cluster` decides: owns the connections to workers and the timer, feeds events in one at a time, and
/// gives each search its answer.
///
/// Everything mutable is in `state`, under one lock that is never held over a send, a completion or an `await`.
final class ClusterDriver: Sendable {
    private struct State {
        var cluster: Cluster
        var connections: [WorkerIncarnation: PeerConnection] = [:]
        var searches: [QueryID: PendingSearch] = [:]
        var timer: Scheduled<Void>?
        var seqWaits: [SeqWait] = []
        var nextSeqWaitID: UInt64 = 0
    }

    private struct PendingSearch {
        let search: ClusterSearch
        let continuation: CheckedContinuation<MergedResult, any Error>
    }

    /// A write that someone waits to see in every replica.
    private struct SeqWait {
        let id: UInt64
        let collection: String
        let seq: Int64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let state: NIOLockedValueBox<State>
    private let hub: MessageHub
    private let eventLoop: any EventLoop

    /// Writes that may wait for their replicas at once; a further one does not wait.
    private static let seqWaitCountMax = 10_000

    init(hub: MessageHub, eventLoop: any EventLoop, configuration: ClusterConfiguration = ClusterConfiguration()) {
        self.hub = hub
        self.eventLoop = eventLoop
        let cluster = Cluster(
            configuration: configuration, seed: .random(in: .min ... .max), startedAt: ClusterInstant.now)
        state = NIOLockedValueBox(State(cluster: cluster))
    }

    // MARK: Searching

    /// The best hits of all shards; throws when there is no such answer by `deadline`.
    func search(
        _ search: ClusterSearch, deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> MergedResult {
        let plan = QueryPlan(
            collection: search.collection, minSeq: search.minSeq,
            deadline: ClusterInstant.now.advanced(by: deadline - .now), allowPartial: search.allowPartial,
            resultLimit: search.resultLimit)
        do {
            return try await RequestScope.measure(.search) {
                try await withCheckedThrowingContinuation { continuation in
                    transact { state, actions in
                        let query = state.cluster.startQuery(plan, now: .now, actions: &actions)
                        state.searches[query] = PendingSearch(search: search, continuation: continuation)
                    }
                }
            }
        } catch let failure as QueryFailure {
            throw ServiceFailure(failure, collection: search.collection)
        } catch {
            throw .faulty(reason: "\(error)")
        }
    }

    // MARK: Workers

    func handle(_ event: ClusterEvent) {
        transact { state, actions in state.cluster.handle(event, now: .now, actions: &actions) }
    }

    /// How a collection stands.
    func health(of collection: String, headSeq: Int64) -> CollectionHealth {
        state.withLockedValue { $0.cluster.health(of: collection, headSeq: headSeq) }
    }

    var snapshot: ClusterSnapshot { state.withLockedValue { $0.cluster.snapshot(now: .now) } }

    /// Returns `true` when every ready replica of the collection has applied `seq`, `false` when that has not come true
    /// within `timeout`.
    func waitUntilApplied(_ seq: Int64, of collection: String, timeout: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let isDecided: Bool? = state.withLockedValue { state in
                if Self.isApplied(seq, of: collection, state.cluster) { return true }
                guard state.seqWaits.count < Self.seqWaitCountMax else { return false }
                let id = state.nextSeqWaitID
                state.nextSeqWaitID += 1
                state.seqWaits.append(SeqWait(id: id, collection: collection, seq: seq, continuation: continuation))
                _ = eventLoop.scheduleTask(in: TimeAmount(timeout)) { [weak self] in self?.giveUpSeqWait(id) }
                return nil
            }
            if let isDecided { continuation.resume(returning: isDecided) }
        }
    }

    private func giveUpSeqWait(_ id: UInt64) {
        let wait = state.withLockedValue { state -> SeqWait? in
            guard let index = state.seqWaits.firstIndex(where: { $0.id == id }) else { return nil }
            return state.seqWaits.remove(at: index)
        }
        wait?.continuation.resume(returning: false)
    }

    private static func isApplied(_ seq: Int64, of collection: String, _ cluster: Cluster) -> Bool {
        (cluster.health(of: collection, headSeq: seq).appliedSeqMin ?? -1) >= seq
    }

    // MARK: Performing

    /// An action that touches something outside of the lock.
    private enum Effect {
        case send(PeerConnection, ClusterSearch, AttemptDispatch)
        case complete(CheckedContinuation<MergedResult, any Error>, MergedResult)
        case fail(CheckedContinuation<MergedResult, any Error>, QueryFailure)
        case undeliverable(AttemptID)
        case unreachable(WorkerIncarnation)
        case close(PeerConnection)
        case applied(CheckedContinuation<Bool, Never>)
    }

    private func transact(_ change: (inout State, inout [ClusterAction]) -> Void) {
        let effects = state.withLockedValue { state in
            var actions: [ClusterAction] = []
            change(&state, &actions)
            var effects: [Effect] = []
            effects.reserveCapacity(actions.count)
            for action in actions { perform(action, &state, &effects) }
            if !state.seqWaits.isEmpty { collectSatisfiedSeqWaits(&state, &effects) }
            return effects
        }
        for effect in effects { perform(effect) }
    }

    private func perform(_ action: ClusterAction, _ state: inout State, _ effects: inout [Effect]) {
        switch action {
        case .connect(let worker, let endpoint):
            do throws(MessagingError) {
                state.connections[worker] = try hub.connect(to: endpoint, onEvent: { [weak self] event in
                    switch event {
                    case .connected: self?.handle(.connectionRestored(worker))
                    case .disconnected, .handshakeFailed, .failed: self?.handle(.connectionLost(worker))
                    }
                })
            } catch {
                effects.append(.unreachable(worker))
            }
        case .disconnect(let worker):
            if let connection = state.connections.removeValue(forKey: worker) { effects.append(.close(connection)) }
        case .rejectAnnouncement:
            // The door that received it answers the worker.
            break
        case .send(let dispatch):
            if let connection = state.connections[dispatch.worker], let search = state.searches[dispatch.query]?.search {
                effects.append(.send(connection, search, dispatch))
            } else {
                effects.append(.undeliverable(dispatch.attempt))
            }
        case .cancel:
            // A search takes a worker less time than telling it to stop; the late answer is dropped.
            break
        case .complete(let query, let result):
            if let pending = state.searches.removeValue(forKey: query) { effects.append(.complete(pending.continuation, result)) }
        case .fail(let query, let failure):
            if let pending = state.searches.removeValue(forKey: query) { effects.append(.fail(pending.continuation, failure)) }
        case .setTimer(let instant):
            state.timer?.cancel()
            state.timer = eventLoop.scheduleTask(deadline: NIODeadline(instant)) { [weak self] in self?.handle(.tick) }
        }
    }

    private func collectSatisfiedSeqWaits(_ state: inout State, _ effects: inout [Effect]) {
        state.seqWaits.removeAll { wait in
            guard Self.isApplied(wait.seq, of: wait.collection, state.cluster) else { return false }
            effects.append(.applied(wait.continuation))
            return true
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let connection, let search, let dispatch): send(search, dispatch, over: connection)
        case .complete(let continuation, let result): continuation.resume(returning: result)
        case .fail(let continuation, let failure): continuation.resume(throwing: failure)
        case .undeliverable(let attempt): handle(.attemptFailed(attempt, .disconnected))
        case .unreachable(let worker): handle(.connectionLost(worker))
        case .close(let connection): connection.close()
        case .applied(let continuation): continuation.resume(returning: true)
        }
    }

    private func send(_ search: ClusterSearch, _ dispatch: AttemptDispatch, over connection: PeerConnection) {
        let attempt = dispatch.attempt
        connection.request(
            search.request(shardIndex: dispatch.shardIndex, shardCount: dispatch.shardCount), timeout: dispatch.remaining,
            traceID: search.traceID
        ) { [weak self] result in
            switch result {
            case .success(let reply) where reply.hitCounts.count == 1:
                let hits = zip(reply.ids, reply.scores).map { ScoredID(id: Int64(clamping: $0), score: $1) }
                self?.handle(
                    .attemptSucceeded(
                        attempt, appliedSeq: Int64(clamping: reply.appliedSeq), hits: hits,
                        guarantee: ResultGuarantee(reply.guarantees.first ?? .unknown)))
            case .success: self?.handle(.attemptFailed(attempt, .malformed))
            case .failure(let error): self?.handle(.attemptFailed(attempt, AttemptFailure(error)))
            }
        }
    }
}

extension ClusterInstant {
    /// On the clock that NIO's timers run by.
    static var now: ClusterInstant { ClusterInstant(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }
}

extension NIODeadline {
    fileprivate init(_ instant: ClusterInstant) { self = .uptimeNanoseconds(UInt64(clamping: instant.nanoseconds)) }
}
