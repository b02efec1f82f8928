import Cluster
import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore
import ServiceRuntime

/// `/admin`: what operators want to know and nobody else may.
struct AdminRoutes: Sendable {
    let catalog: Catalog
    let store: RecordStore
    let commits: CommitSignal
    let cluster: ClusterDriver
    let stats: StatsCache
    let sets: VectorSets

    var routes: [Route] {
        [
            Route(
                .get, "/admin/stats",
                Operation(
                    id: "admin_stats", tag: "admin", summary: "What there is, and what the store takes.",
                    answers: [(200, .json(schema: ServiceSchemas.adminStats, example: ServiceSchemas.adminStatsExample), "Counted as `/api/v1/stats`; the store's figures now")],
                    failures: [503], access: .admin), adminStats),
            Route(
                .get, "/admin/cluster",
                Operation(
                    id: "admin_cluster", tag: "admin", summary: "Every worker, and how the collections are held.",
                    answers: [(200, .json(schema: ServiceSchemas.cluster, example: ServiceSchemas.clusterExample), "As it is now")],
                    failures: [503], access: .admin), clusterState),
        ]
    }

    func adminStats(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let (stats, age) = try await stats.stats()
        let store = try await store.mapped { try await $0.statistics() }
        var members = stats.json.objectValue ?? [:]
        members["counted_seconds_ago"] = .integer(age.components.seconds)
        members["version"] = .string(KaziVersion.current)
        members["store"] = [
            "seq": .integer(store.headSeq), "database_bytes": .integer(Int64(store.databaseBytes)),
            "wal_bytes": .integer(Int64(store.walBytes)), "free_pages": .integer(Int64(store.freePageCount)),
            "page_bytes": .integer(Int64(store.pageBytes)),
            "queued_operations": .integer(Int64(store.queuedOperationCount)),
            "idempotency_keys": .integer(Int64(store.idempotencyKeyCount)),
        ]
        return .json(.ok, .object(members), headers: [.cacheControl: "no-store"])
    }

    func clusterState(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let snapshot = cluster.snapshot
        let collections = catalog.searchable.map { definition -> (String, JSON) in
            let headSeq = commits.headSeq(of: definition.name)
            let health = cluster.health(of: definition.name, headSeq: headSeq)
            let members: JSONObject = [
                "shards": .string("\(health.coverage.answeredCount)/\(health.coverage.totalCount)"),
                "seq": .integer(headSeq), "lag": health.lag.map(JSON.integer) ?? .null,
                "embedding_anew": embeddingAnew(definition.name),
            ]
            return (definition.name, .object(members))
        }
        let workers = snapshot.workers.sorted { $0.worker.id.name < $1.worker.id.name }.map(worker)
        let body: JSONObject = [
            "workers": .array(workers), "collections": .object(JSONObject(collections)),
            "pending_searches": .integer(Int64(snapshot.pendingQueryCount)),
        ]
        return .json(.ok, .object(body), headers: [.cacheControl: "no-store"])
    }

    /// How many of the records have a vector of the set in the making; null where none is.
    private func embeddingAnew(_ collection: String) -> JSON {
        guard let state = sets.state(of: collection), state.target != nil else { return .null }
        return ["done": .integer(Int64(state.pendingCount)), "total": .integer(Int64(state.recordCount))]
    }

    private func worker(_ worker: WorkerSnapshot) -> JSON {
        [
            "id": .string(worker.worker.id.name), "address": .string(worker.endpoint), "version": .string(worker.version),
            "state": .string(worker.status.rawValue), "silence_ms": .number(worker.silence.milliseconds),
            "latency_ms": worker.latency.map { .number($0.milliseconds) } ?? .null,
            "in_flight": .integer(Int64(worker.outstandingCount)), "in_flight_max": .integer(Int64(worker.outstandingCountMax)),
            "answered": .integer(Int64(worker.answeredCount)), "failed": .integer(Int64(worker.failedCount)),
            "memory_bytes": .integer(Int64(worker.memoryBytes)),
            "memory_limit_bytes": worker.memoryLimitBytes > 0 ? .integer(Int64(worker.memoryLimitBytes)) : .null,
            "replicas": .array(worker.replicas.map(replica)),
        ]
    }

    private func replica(_ replica: ReplicaReport) -> JSON {
        let state =
            switch replica.state {
            case .catchingUp: "catching_up"
            case .ready: "ready"
            case .draining: "draining"
            }
        let lag = max(0, commits.headSeq(of: replica.key.collection) - replica.appliedSeq)
        return [
            "collection": .string(replica.key.collection),
            "shard": .string("\(replica.key.shardIndex)/\(replica.key.shardCount)"), "state": .string(state),
            "applied_seq": .integer(replica.appliedSeq), "lag": .integer(lag),
            "vectors": .integer(Int64(replica.vectorCount)), "memory_bytes": .integer(Int64(replica.memoryBytes)),
            "bytes_per_vector": .integer(Int64(replica.bytesPerVector)), "full": .boolean(replica.isFull),
            "recall_at_10": replica.recall.map { .number(Double($0.recallAt10)) } ?? .null,
        ]
    }
}
