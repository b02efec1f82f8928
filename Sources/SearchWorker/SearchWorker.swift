import Foundation
import Logging
import Messaging
import ServiceRuntime
import ServiceLifecycle
import UnixSignals
import VectorIndex
import WireProtocol

/// The worker process: vectors of a gateway's collections in memory, searched over ZeroMQ.
///
/// It is a cache that knows how far it has read: nothing it holds is precious, and it may die at any moment. With a data
/// directory it goes on from its last snapshot, without one from the beginning of the feed.
public struct SearchWorker: Sendable {
    private let settings: WorkerSettings
    private let logger = Logger(label: "kazi.worker")

    public init(_ settings: WorkerSettings) { self.settings = settings }

    /// Serves until SIGTERM or SIGINT, or until the parent ends where that is asked for.
    ///
    /// - Throws: `StartFailure` when it cannot start.
    public func run(exitingWithParent: Bool) async throws {
        guard (1...WireLimits.workerIDBytesRange.upperBound).contains(settings.workerID.utf8.count) else {
            throw StartFailure("--id takes 1 to \(WireLimits.workerIDBytesRange.upperBound) bytes")
        }
        let snapshots = try SnapshotKeeper.open(settings, logger: logger)
        let hub: MessageHub
        let executor = SearchExecutor(.init(threadCount: settings.scanThreadCount, queueLimit: settings.queueLimit))
        let arranger = BackgroundArranger()
        let door: SearchDoor
        let endpoint: String
        do {
            hub = try MessageHub(HubConfiguration(name: "kazi-zmq"))
        } catch {
            throw StartFailure("ZeroMQ cannot be started: \(error)")
        }
        let replicas = ReplicaSet(settings, arranger: arranger, snapshots: snapshots)
        door = SearchDoor(
            replicas: replicas, executor: executor, sampler: RecallSampler(arranger: arranger),
            slowSearchTime: settings.slowSearchTime)
        do {
            endpoint = try hub.bind(to: settings.searchEndpoint, serving: SearchDoor.kinds) { door.received($0) }
        } catch {
            throw StartFailure("cannot listen at \(settings.searchEndpoint) (--listen): \(error)")
        }
        snapshots?.read()
        snapshots?.start { replicas.serving }
        let follower = GatewayFollower(
            settings: settings, searchEndpoint: endpoint, hub: hub, replicas: replicas, door: door, snapshots: snapshots,
            logger: logger)
        door.announcement = { follower.announcement() }
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: follower, successTerminationBehavior: .gracefullyShutdownGroup)
        ]
        if exitingWithParent {
            services.append(.init(service: ParentWatch(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(4)
        try await ServiceGroup(configuration: group).run()
        executor.shutdown()
        arranger.shutdown()
        hub.shutdown()
        snapshots?.stop()
    }
}
