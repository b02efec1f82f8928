import Cluster
import Messaging
import WireProtocol

/// By which ROUTER identity each worker speaks, and what it said last. Who is alive is for `Cluster` to say.
struct WorkerDirectory {
    /// More workers than `Cluster` takes are not remembered either.
    private static let countMax = ClusterConfiguration().workerCountMax

    private var workersByIdentity: [PeerIdentity: WorkerIncarnation] = [:]
    private(set) var announcements: [WorkerIncarnation: Announcement] = [:]

    var identities: [PeerIdentity] { Array(workersByIdentity.keys) }

    /// The worker that pulls, if it is for the replica that its searches are answered from: one that is still to take that
    /// one's place says nothing of what searches see.
    func worker(at identity: PeerIdentity, servingFrom pull: PullRequest) -> WorkerIncarnation? {
        guard let worker = workersByIdentity[identity],
            announcements[worker]?.replicas.contains(where: {
                $0.generation == pull.generation && $0.collection == pull.collection && $0.shard == pull.shard
                    && $0.storeID == pull.storeID
            }) == true
        else { return nil }
        return worker
    }

    mutating func heard(_ announcement: Announcement, _ worker: WorkerIncarnation, from identity: PeerIdentity) {
        // A worker that came back, with a new connection or as a new process, has a new identity.
        for (other, known) in workersByIdentity where known.id == worker.id && other != identity {
            workersByIdentity[other] = nil
            if known != worker { announcements[known] = nil }
        }
        guard workersByIdentity[identity] != nil || workersByIdentity.count < Self.countMax else { return }
        workersByIdentity[identity] = worker
        announcements[worker] = announcement
    }

    mutating func forget(_ worker: WorkerIncarnation) {
        workersByIdentity = workersByIdentity.filter { $0.value != worker }
        announcements[worker] = nil
    }
}

extension WorkerIncarnation {
    init(_ announcement: Announcement) {
        self.init(id: WorkerID(announcement.workerID), bootEpoch: announcement.bootEpoch)
    }
}

extension WorkerAnnouncement {
    /// - Parameter storeID: Of this gateway's store: replicas of another are as good as empty, and are asked nothing.
    init(_ announcement: Announcement, _ worker: WorkerIncarnation, storeID: String) {
        self.init(
            worker: worker, endpoint: announcement.searchEndpoint,
            replicas: announcement.replicas.map { ReplicaReport($0, storeID: storeID) }, capacity: announcement.queueLimit,
            version: announcement.softwareVersion,
            memoryBytes: announcement.replicas.reduce(0) { $0 + Int(clamping: $1.memoryBytes) },
            memoryLimitBytes: Int(clamping: announcement.memoryLimitBytes))
    }
}

extension ReplicaReport {
    fileprivate init(_ replica: Replica, storeID: String) {
        let isOurs = replica.storeID == storeID
        let state: ReplicaPhase =
            switch replica.state {
            case .ready where !isOurs: .catchingUp
            case .starting, .catchingUp: .catchingUp
            case .ready: .ready
            case .draining: .draining
            }
        self.init(
            key: ReplicaKey(
                collection: replica.collection, shardIndex: replica.shard.index, shardCount: replica.shard.count),
            appliedSeq: isOurs ? Int64(clamping: replica.appliedSeq) : 0, state: state,
            vectorCount: Int(clamping: replica.vectorCount), memoryBytes: Int(clamping: replica.memoryBytes),
            recall: replica.recallAt10.map {
                MeasuredRecall(recallAt10: $0, replayCount: Int(clamping: replica.recallReplayCount))
            },
            bytesPerVector: replica.bytesPerVector, isFull: replica.isFull)
    }
}
