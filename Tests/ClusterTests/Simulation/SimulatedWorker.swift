import Cluster

/// A worker's process, as far as the gateway can tell it from a real one: it holds the records of its shard up to what
/// it has applied, and answers with the best of them.
struct SimulatedWorker {
    var id: WorkerID
    var endpoint: String
    var shardIndex: Int
    var shardCount: Int
    var bootEpoch: UInt64 = 1
    var isUp = false
    /// Messages in both directions are lost until then.
    var cutOffUntil: Int64 = 0
    /// Works 100 times slower until then.
    var slowUntil: Int64 = 0
    var appliedSeq: Int64 = 0
    var state = ReplicaState.catchingUp
    var workingCount = 0
    /// Rows it applies at each turn; it falls behind when this is low.
    var applyCount: Int64 = 5

    var incarnation: WorkerIncarnation { WorkerIncarnation(id: id, bootEpoch: bootEpoch) }
    var key: ReplicaKey { ReplicaKey(collection: "jobs", shardIndex: shardIndex, shardCount: shardCount) }

    var announcement: WorkerAnnouncement {
        WorkerAnnouncement(
            worker: incarnation, endpoint: endpoint,
            replicas: [ReplicaReport(key: key, appliedSeq: appliedSeq, state: state, vectorCount: Int(appliedSeq))])
    }

    mutating func apply(head: Int64) {
        appliedSeq = min(head, appliedSeq + applyCount)
        if state == .catchingUp, head - appliedSeq <= 2 { state = .ready }
    }

    /// Record `seq` is the one written at that sequence number. Scores take few values, so that ties are frequent, and
    /// the order of equal ones is deliberately not that of the contract now and then.
    func hits(of query: UInt64, resultLimit: Int, isSorted: Bool) -> [ScoredID] {
        var hits: [ScoredID] = []
        var seq: Int64 = 1
        while seq <= appliedSeq {
            if Self.shard(of: seq, shardCount: shardCount) == shardIndex {
                hits.append(ScoredID(id: seq, score: Self.score(of: seq, query: query)))
            }
            seq += 1
        }
        hits.sort { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
        let best = Array(hits.prefix(resultLimit))
        return isSorted ? best : Array(best.reversed())
    }

    static func shard(of id: Int64, shardCount: Int) -> Int {
        Int((UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15) >> 33) % shardCount
    }

    static func score(of id: Int64, query: UInt64) -> Float {
        let mixed = (UInt64(bitPattern: id) &* 0xBF58_476D_1CE4_E5B9) ^ (query &* 0x94D0_49BB_1331_11EB)
        return Float((mixed ^ (mixed >> 29)) % 13) / 16
    }
}
