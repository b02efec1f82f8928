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

    /// 200 when the store answers and every shard of every searchable collection has a ready worker, else 503.
    func health(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let storeAnswers = await storeAnswers()
        let collections = catalog.searchable.map {
            cluster.health(of: $0.name, headSeq: commits.headSeq(of: $0.name))
        }
        let isCovered = collections.allSatisfy(\.coverage.isFull)
        let workers = cluster.snapshot.workers
        let readyCount = workers.count { worker in
            worker.status == .alive && !worker.replicas.isEmpty && worker.replicas.allSatisfy { $0.state == .ready }
        }
        var body: JSONObject = [
            "status": storeAnswers && isCovered ? "ok" : "degraded",
            "database": storeAnswers ? "connected" : "unavailable",
            "workers": .object(["ready": .integer(Int64(readyCount)), "total": .integer(Int64(workers.count))]),
            "seq": .integer(store.headSeq),
        ]
        body["collections"] = .object(
            JSONObject(collections.map { ($0.collection, .object(Self.members(of: $0))) }))
        return .json(storeAnswers && isCovered ? .ok : .serviceUnavailable, .object(body))
    }

    private static func members(of health: CollectionHealth) -> JSONObject {
        [
            "shards": .string("\(health.coverage.answeredCount)/\(health.coverage.totalCount)"),
            "lag": health.lag.map(JSON.integer) ?? .null,
        ]
    }

    private func storeAnswers() async -> Bool {
        guard let name = catalog.collections.keys.first else { return true }
        do {
            _ = try await store.record(0, in: name)
            return true
        } catch {
            return false
        }
    }
}
