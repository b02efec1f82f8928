import Embedding
import Logging
import Messaging
import NIOCore
import RecordSchema
import RecordStore

/// The parts of one gateway, wired together.
struct GatewayParts: Sendable {
    let settings: GatewaySettings
    let catalog: Catalog
    let pages: PageRoutes
    let store: RecordStore
    let commits: CommitSignal
    let embedding: (any EmbeddingProvider)?
    let hub: MessageHub
    let cluster: ClusterDriver
    let records: RecordService
    let search: SearchService
    let vectorShapes: VectorShapes
    let door: MessagingDoor
    let metrics = RequestMetrics()

    init(
        settings: GatewaySettings, catalog: Catalog, pages: PageRoutes, store: RecordStore, commits: CommitSignal,
        embedding: (any EmbeddingProvider)?,
        modelDigest: String?, hub: MessageHub, eventLoop: any EventLoop, logger: Logger
    ) {
        self.settings = settings
        self.catalog = catalog
        self.pages = pages
        self.store = store
        self.commits = commits
        self.embedding = embedding
        self.hub = hub
        cluster = ClusterDriver(hub: hub, eventLoop: eventLoop)
        vectorShapes = VectorShapes(modelDimension: embedding?.dimension)
        records = RecordService(catalog: catalog, store: store, embedding: embedding)
        search = SearchService(catalog: catalog, store: store, embedding: embedding, cluster: cluster)
        let feed = Feed(catalog: catalog, store: store, vectorShapes: vectorShapes, modelDigest: modelDigest)
        door = MessagingDoor(
            hub: hub, feed: feed, cluster: cluster, records: records, search: search, vectorShapes: vectorShapes,
            searchTimeout: settings.searchTimeout, logger: logger)
    }

    var pipeline: RequestPipeline { RequestPipeline(metrics: metrics, catalog: catalog) }

    /// Every route of the HTTP API.
    var routes: [Route] {
        let routes = serviceRoutes
        let openAPI = settings.servesDocs ? OpenAPIRoute(documenting: routes, catalog, vectorShapes).routes : []
        return routes + openAPI + pages.routes
    }

    private var serviceRoutes: [Route] {
        let searchable = SearchableWait(catalog: catalog, cluster: cluster, timeout: settings.searchableTimeout)
        return HealthRoutes(catalog: catalog, store: store, commits: commits, cluster: cluster).routes
            + SearchRoutes(
                service: search, vectorShapes: vectorShapes, bodyBytesMax: settings.bodyBytesMax,
                timeout: settings.searchTimeout, metrics: metrics
            ).routes
            + MetricsRoute(
                requests: metrics, catalog: catalog, store: store, commits: commits, cluster: cluster, hub: hub
            ).routes
            + CollectionsRoute(catalog, vectorShapes).routes
            + ExportRoute(records: records).routes
            + BatchRoute(records: records, searchable: searchable, bodyBytesMax: settings.batchBytesMax).routes
            + ListRoute(records: records).routes
            + RecordRoutes(records: records, searchable: searchable, bodyBytesMax: settings.bodyBytesMax).routes
    }
}
