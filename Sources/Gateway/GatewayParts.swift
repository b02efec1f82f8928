import Access
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
    let access: AccessControl
    let signIn: SignIn?
    let admission: Admission
    let connections: ConnectionRegistry
    /// `nil`: in the clear.
    let certificate: CertificateSource?
    let storeProbe: StoreProbe
    let sets: VectorSets
    /// `nil` without a model.
    let reembedder: Reembedder?

    init(
        settings: GatewaySettings, catalog: Catalog, pages: PageRoutes, store: RecordStore, commits: CommitSignal,
        embedding: (any EmbeddingProvider)?, certificate: CertificateSource?,
        modelDigest: String?, sets: VectorSets, hub: MessageHub, eventLoop: any EventLoop, logger: Logger
    ) {
        self.settings = settings
        self.catalog = catalog
        self.pages = pages
        self.store = store
        self.commits = commits
        self.embedding = embedding
        self.hub = hub
        self.certificate = certificate
        (access, signIn) = GatewayStart.access(settings.access, store, defaultCollection: catalog.defaultName)
        admission = Admission(settings, eventLoop: eventLoop)
        connections = ConnectionRegistry(
            connectionCountMax: settings.connectionCountMax,
            addresses: AddressBook(
                connectionCountMax: settings.addressConnectionCountMax, proxies: settings.access.trustedProxies))
        storeProbe = StoreProbe(store: store, eventLoop: eventLoop)
        cluster = ClusterDriver(hub: hub, eventLoop: eventLoop)
        vectorShapes = VectorShapes(modelDimension: embedding?.dimension)
        records = RecordService(catalog: catalog, store: store, embedding: embedding, sets: sets)
        search = SearchService(catalog: catalog, store: store, embedding: embedding, cluster: cluster, sets: sets)
        let feed = Feed(catalog: catalog, store: store, vectorShapes: vectorShapes, modelDigest: modelDigest, sets: sets)
        reembedder = embedding.map { Reembedder(catalog: catalog, store: store, embedding: $0, sets: sets, logger: logger) }
        self.sets = sets
        door = MessagingDoor(
            hub: hub, feed: feed, cluster: cluster, records: records, search: search, vectorShapes: vectorShapes,
            searchTimeout: settings.searchTimeout, logger: logger)
    }

    var pipeline: RequestPipeline {
        RequestPipeline(
            metrics: metrics, catalog: catalog, admission: admission,
            log: RequestLog(slowRequestTime: settings.slowRequestTime), showsFaults: settings.showsFaults)
    }

    /// Every route of the HTTP API.
    var routes: [Route] {
        let routes = serviceRoutes
        let required = Operation.RequiredCredentials(rawValue: settings.access.requirement.rawValue) ?? .all
        let openAPI =
            settings.servesDocs
            ? OpenAPIRoute(documenting: routes, catalog, vectorShapes, requiredCredentials: required).routes : []
        return routes + openAPI + pages.routes
    }

    private var serviceRoutes: [Route] {
        let searchable = SearchableWait(catalog: catalog, cluster: cluster, timeout: settings.searchableTimeout)
        let stats = StatsCache(catalog: catalog, store: store, maxAge: settings.statsAge)
        return HealthRoutes(
            catalog: catalog, store: store, commits: commits, cluster: cluster, probe: storeProbe, lag: LagWatch(),
            connections: connections
        ).routes
            + SearchRoutes(
                service: search, vectorShapes: vectorShapes, bodyBytesMax: settings.bodyBytesMax,
                timeout: settings.searchTimeout
            ).routes
            + MetricsRoute(
                requests: metrics, admission: admission, connections: connections, certificate: certificate, catalog: catalog, store: store,
                commits: commits, cluster: cluster, hub: hub, embedding: embedding
            ).routes
            + AccessRoutes(signIn: signIn).routes
            + StatsRoute(cache: stats, maxAge: settings.statsAge).routes
            + AdminRoutes(catalog: catalog, store: store, commits: commits, cluster: cluster, stats: stats, sets: sets).routes
            + CollectionsRoute(catalog, vectorShapes).routes
            + ExportRoute(records: records).routes
            + BatchRoute(records: records, searchable: searchable, bodyBytesMax: settings.batchBytesMax).routes
            + ListRoute(records: records).routes
            + RecordRoutes(records: records, searchable: searchable, bodyBytesMax: settings.bodyBytesMax).routes
    }
}
