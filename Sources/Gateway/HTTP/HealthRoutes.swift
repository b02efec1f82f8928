import Cluster
import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// Whether this gateway can do its work (`/health`), and whether it lives (`/health/live`).
struct HealthRoutes: Sendable {
    let catalog: Catalog
    let store: RecordStore
    let commits: CommitSignal
    let cluster: ClusterDriver
    let probe: StoreProbe
    let lag: LagWatch
    let connections: ConnectionRegistry

    var routes: [Route] {
        [
            Route(
                .get, "/health",
                Operation(
                    id: "health", tag: "service", summary: "Whether this gateway can do its work.",
                    answers: [(200, .health, "It can"), (503, .health, "Something is missing")], access: .public), health),
            Route(
                .get, "/health/live",
                Operation(
                    id: "live", tag: "service", summary: "Whether this gateway lives.", answers: [(200, .liveness, "It does")],
                    access: .public),
                live),
        ]
    }

    func live(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        .json(.ok, .object(["status": "ok"]))
    }

    /// 200 when the store can read and write, every shard of every searchable collection has a worker that has caught up,
    /// follows, and has memory for all of it, and the gateway is not stopping; else 503.
    func health(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let storeHealth = await probe.health()
        let collections = catalog.searchable.map { definition in
            let headSeq = commits.headSeq(of: definition.name)
            let health = cluster.health(of: definition.name, headSeq: headSeq)
            return (health: health, isStalled: lag.isStalled(health, headSeq: headSeq))
        }
        let isServed = collections.allSatisfy { $0.health.coverage.isFull && !$0.health.isFull && !$0.isStalled }
        let isStopping = connections.isDraining
        let isReady = storeHealth == .well && isServed && !isStopping
        let workers = cluster.snapshot.workers
        let readyCount = workers.count { worker in
            worker.status == .alive && !worker.replicas.isEmpty && worker.replicas.allSatisfy { $0.state == .ready }
        }
        var body: JSONObject = [
            "status": isReady ? "ok" : isStopping ? "stopping" : "degraded",
            "database": storeHealth == .well ? "connected" : "unavailable",
            "workers": .object(["ready": .integer(Int64(readyCount)), "total": .integer(Int64(workers.count))]),
            "seq": .integer(store.headSeq),
        ]
        if case .failing(let reason) = storeHealth { body["reason"] = .string(reason) }
        body["collections"] = .object(
            JSONObject(collections.map { ($0.health.collection, .object(Self.members(of: $0.health, isStalled: $0.isStalled))) }))
        return .json(isReady ? .ok : .serviceUnavailable, .object(body))
    }

    private static func members(of health: CollectionHealth, isStalled: Bool) -> JSONObject {
        var members: JSONObject = [
            "shards": .string("\(health.coverage.answeredCount)/\(health.coverage.totalCount)"),
            "lag": health.lag.map(JSON.integer) ?? .null,
        ]
        if health.isFull { members["full"] = .boolean(true) }
        if isStalled { members["stalled"] = .boolean(true) }
        return members
    }
}
