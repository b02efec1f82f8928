import Foundation
import Logging
import Messaging
import NIOConcurrencyHelpers
import ServiceLifecycle
import ServiceRuntime
import WireProtocol

/// The worker's side of its gateway: announces itself every heartbeat, and follows the feed of every replica at its own
/// pace.
final class GatewayFollower: Service {
    private let settings: WorkerSettings
    private let searchEndpoint: String
    private let hub: MessageHub
    private let replicas: ReplicaSet
    private let door: SearchDoor
    private let snapshots: SnapshotKeeper?
    private let logger: Logger
    private let bootEpoch = UInt64(Date().timeIntervalSince1970 * 1_000_000)
    private let state = NIOLockedValueBox(State())

    private struct State {
        var gateway: PeerConnection?
        var followers: [ObjectIdentifier: FeedFollower] = [:]
        var heartbeatInterval = Duration.seconds(1)
        var isAnnouncing = false
        var mustAnnounceAgain = false
        var isStopping = false
    }

    /// How often the waits for a write are looked at.
    private static let waitCheckInterval = Duration.milliseconds(50)

    init(
        settings: WorkerSettings, searchEndpoint: String, hub: MessageHub, replicas: ReplicaSet, door: SearchDoor,
        snapshots: SnapshotKeeper?, logger: Logger
    ) {
        self.settings = settings
        self.searchEndpoint = searchEndpoint
        self.hub = hub
        self.replicas = replicas
        self.door = door
        self.snapshots = snapshots
        self.logger = logger
    }

    /// Follows until a graceful shutdown; then says goodbye.
    func run() async throws {
        let gateway: PeerConnection
        do {
            gateway = try hub.connect(to: settings.gatewayEndpoint, onNotice: { [weak self] in self?.received($0) }) {
                [weak self] in self?.connection($0)
            }
        } catch {
            throw StartFailure("cannot connect to \(settings.gatewayEndpoint) (--gateway): \(error)")
        }
        state.withLockedValue { $0.gateway = gateway }
        announce()
        // Signals are handled from here on, so whoever reads this line may send one.
        logger.notice("listening", metadata: ["zmq": "\(searchEndpoint)", "worker": "\(settings.workerID)"])
        let heartbeat = hub.every(state.withLockedValue(\.heartbeatInterval)) { [weak self] in self?.announce() }
        let waitCheck = hub.every(Self.waitCheckInterval) { [replicas] in
            let now = ContinuousClock.now
            for replica in replicas.all { replica.expireWaits(at: now) }
        }
        try? await gracefulShutdown()
        heartbeat.cancel()
        waitCheck.cancel()
        stop()
    }

    private func connection(_ event: PeerEvent) {
        switch event {
        case .connected: announce()
        case .disconnected: logger.warning("the connection to the gateway is lost")
        case .handshakeFailed: logger.error("the gateway refuses this worker's key")
        case .failed(let error): logger.error("cannot connect to the gateway", metadata: ["reason": "\(error)"])
        }
    }

    private func stop() {
        let (gateway, followers) = state.withLockedValue { state in
            state.isStopping = true
            defer { state.followers = [:] }
            return (state.gateway, Array(state.followers.values))
        }
        for follower in followers { follower.stop() }
        for replica in replicas.all { replica.drain() }
        // The gateway finds out without it, only later.
        try? gateway?.send(Goodbye(workerID: settings.workerID, bootEpoch: bootEpoch, isFinal: true))
    }

    // MARK: Announcing

    /// What the worker says of itself now.
    func announcement() -> Announcement {
        let load = door.load()
        return Announcement(
            workerID: settings.workerID, bootEpoch: bootEpoch, searchEndpoint: searchEndpoint,
            replicas: replicas.reports.sorted { $0.collection < $1.collection },
            queueLimit: settings.queueLimit, queueDepth: load.queueDepth, threadCount: settings.scanThreadCount,
            latencyMicrosecondsP50: load.latencyMicrosecondsP50, latencyMicrosecondsP95: load.latencyMicrosecondsP95,
            latencyMicrosecondsP99: load.latencyMicrosecondsP99, softwareVersion: KaziVersion.current,
            memoryLimitBytes: UInt64(clamping: settings.memoryLimitBytes ?? 0))
    }

    /// Announces now; while an answer is awaited, once more after it.
    func announce() {
        let gateway = state.withLockedValue { state -> PeerConnection? in
            // The connection may be made before it is kept in `state`: `run` announces then.
            guard !state.isStopping, let gateway = state.gateway else { return nil }
            if state.isAnnouncing {
                state.mustAnnounceAgain = true
                return nil
            }
            state.isAnnouncing = true
            return gateway
        }
        guard let gateway else { return }
        gateway.request(announcement(), timeout: state.withLockedValue(\.heartbeatInterval)) { [weak self] result in
            self?.announced(result)
        }
    }

    private func announced(_ result: Result<AnnouncementReply, RequestError>) {
        let again = state.withLockedValue { state in
            state.isAnnouncing = false
            defer { state.mustAnnounceAgain = false }
            return state.mustAnnounceAgain
        }
        switch result {
        case .success(let reply): reconcile(reply)
        case .failure(let error): logger.debug("not announced", metadata: ["reason": "\(error)"])
        }
        if again { announce() }
    }

    private func reconcile(_ reply: AnnouncementReply) {
        let changes = replicas.reconcile(reply.collections, storeID: reply.storeID)
        snapshots?.dropTheRest()
        for replica in changes.removed {
            logger.notice("dropping a replica", metadata: ["collection": "\(replica.info.name)"])
            snapshots?.discard(replica.info.name, reason: "its replica is dropped")
            state.withLockedValue { $0.followers.removeValue(forKey: ObjectIdentifier(replica)) }?.stop()
            replica.drain()
        }
        for (collection, error) in changes.refused {
            logger.error("cannot hold a collection", metadata: ["collection": "\(collection)", "reason": "\(error)"])
        }
        for replica in changes.added { follow(replica) }
        for info in reply.collections { noticeHead(reply.headSeq, of: info.name) }
        if !changes.added.isEmpty || !changes.removed.isEmpty { announce() }
    }

    // MARK: Following

    private func follow(_ replica: HeldReplica) {
        if replicas[replica.info.name] !== replica {
            logger.notice(
                "reading a new generation beside the one that serves", metadata: ["collection": "\(replica.info.name)"])
        }
        guard let gateway = state.withLockedValue(\.gateway) else { return }
        logger.info(
            "holding a collection",
            metadata: [
                "collection": "\(replica.info.name)", "dimension": "\(replica.info.dimension)",
                "bytes_per_row": "\(replica.bytesPerRow)",
                "memory_limit_bytes": "\(settings.memoryLimitBytes.map(String.init) ?? "none")",
            ])
        let follower = FeedFollower(
            replica, gateway: gateway, logger: logger,
            onApplied: { [weak self] in self?.applied(replica, hasNews: $0) },
            onStale: { [weak self, snapshots] in
                // The next announcement's answer says what becomes of it.
                replica.isFeedOver = true
                snapshots?.discard(replica.info.name, reason: "the gateway has not what it is of")
                self?.state.withLockedValue { $0.followers.removeValue(forKey: ObjectIdentifier(replica)) }?.stop()
                self?.announce()
            })
        state.withLockedValue { $0.followers[ObjectIdentifier(replica)] = follower }
        follower.start()
    }

    /// A replica has applied a page: one that is whole takes the place of its predecessor.
    private func applied(_ replica: HeldReplica, hasNews: Bool) {
        if hasNews, let metadata = replica.takeStartMetadata() { logger.notice("replica ready", metadata: metadata) }
        if let predecessor = replicas.promote(replica) {
            logger.notice("a new generation serves", metadata: ["collection": "\(replica.info.name)"])
            state.withLockedValue { $0.followers.removeValue(forKey: ObjectIdentifier(predecessor)) }?.stop()
            predecessor.drain(to: replica)
            announce()
        } else if hasNews {
            announce()
        }
    }

    /// A one-way message of the gateway.
    private func received(_ notice: InboundNotice) {
        guard notice.kind == .nudge, let nudge = try? Nudge(decoding: notice.content) else { return }
        noticeHead(nudge.headSeq, of: nudge.collection)
    }

    private func noticeHead(_ headSeq: UInt64, of collection: String) {
        for replica in replicas.held(of: collection) where replica.noticeHead(headSeq) {
            state.withLockedValue { $0.followers[ObjectIdentifier(replica)] }?.wake()
        }
    }
}
