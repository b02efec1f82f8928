import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// `GET /api/v1/stats`: how much there is, counted at most once in `maxAge`.
struct StatsRoute: Sendable {
    let cache: StatsCache
    let maxAge: Duration

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/stats",
                Operation(
                    id: "stats", tag: "records",
                    summary: "How many records there are, and how many different values of each filter field of text.",
                    answers: [(200, .json(schema: ServiceSchemas.stats, example: Self.example), "Counted when `Age` says")],
                    answerHeaders: [.cacheControl, .age], failures: [503]), stats)
        ]
    }

    func stats(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let (stats, age) = try await cache.stats()
        return .json(
            .ok, stats.json,
            headers: [.cacheControl: "max-age=\(maxAge.components.seconds)", .age: "\(age.components.seconds)"])
    }

    private static let example: JSON = [
        "total_jobs": 604, "total_events": 0, "total_sources": 3,
        "collections": ["jobs": ["total": 604, "distinct": ["source": 3]], "events": ["total": 0, "distinct": ["type": 0]]],
    ]
}

/// What is there, as counted at one moment.
struct Stats: Sendable {
    struct Collection: Sendable {
        let name: String
        let recordCount: Int
        /// Different values by filter field, for fields of text.
        let distinctCounts: [(field: String, count: Int)]
    }

    /// In the order of their names.
    let collections: [Collection]
    /// The collection of `/api/v1/search`.
    let defaultName: String?

    var json: JSON {
        var members = JSONObject()
        for collection in collections { members["total_\(collection.name)"] = .integer(Int64(collection.recordCount)) }
        members["total_sources"] = .integer(Int64(sourceCount))
        members["collections"] = .object(
            JSONObject(
                collections.map { collection in
                    let distinct = JSONObject(collection.distinctCounts.map { ($0.field, .integer(Int64($0.count))) })
                    return (collection.name, ["total": .integer(Int64(collection.recordCount)), "distinct": .object(distinct)])
                }))
        return .object(members)
    }

    /// The different values of `source`: of the default collection where it has such a field, else of the first that has.
    private var sourceCount: Int {
        let inOrder = collections.filter { $0.name == defaultName } + collections
        return inOrder.lazy.compactMap { $0.distinctCounts.first { $0.field == "source" }?.count }.first ?? 0
    }
}

/// The last count, and the one that is under way: many who ask at once wait for one count.
actor StatsCache {
    private let catalog: Catalog
    private let store: RecordStore
    private let maxAge: Duration
    private var last: (stats: Stats, countedAt: ContinuousClock.Instant)?
    private var counting: Task<Result<Stats, ServiceFailure>, Never>?

    init(catalog: Catalog, store: RecordStore, maxAge: Duration) {
        self.catalog = catalog
        self.store = store
        self.maxAge = maxAge
    }

    /// The stats, and how old they are.
    func stats() async throws(ServiceFailure) -> (stats: Stats, age: Duration) {
        if let last, ContinuousClock.now - last.countedAt < maxAge {
            return (last.stats, ContinuousClock.now - last.countedAt)
        }
        let task = counting ?? Task { [catalog, store] in await Self.count(catalog, store) }
        counting = task
        let result = await task.value
        // Whoever comes back first of those that waited puts it away.
        if counting == task {
            counting = nil
            if case .success(let stats) = result { last = (stats, .now) }
        }
        return (try result.get(), .zero)
    }

    private static func count(_ catalog: Catalog, _ store: RecordStore) async -> Result<Stats, ServiceFailure> {
        do throws(ServiceFailure) {
            let totals = try await store.mapped { try await $0.totals() }
            var collections: [Stats.Collection] = []
            for definition in catalog.collections.values.sorted(by: { $0.name < $1.name }) {
                var distinctCounts: [(field: String, count: Int)] = []
                for column in definition.columns where column.type == .string {
                    let count = try await store.mapped { try await $0.distinctValueCount(of: column.name, in: definition.name) }
                    distinctCounts.append((column.name, count))
                }
                collections.append(
                    .init(
                        name: definition.name, recordCount: totals.recordCounts[definition.name] ?? 0,
                        distinctCounts: distinctCounts))
            }
            return .success(Stats(collections: collections, defaultName: catalog.defaultName))
        } catch {
            return .failure(error)
        }
    }
}
