import Foundation

/// How one gateway is run. Checked by whoever fills it in.
public struct GatewaySettings: Sendable {
    /// Address of the HTTP API. Without keys it has to be a loopback address.
    public var host = "127.0.0.1"
    /// 0...65535; 0 takes a free port.
    public var port = 8000
    /// ZeroMQ endpoint for workers and internal services; `tcp://127.0.0.1:*` takes a free port.
    public var messagingEndpoint = "tcp://127.0.0.1:8001"
    /// Folder of the database, relative to the working directory; made where it is missing.
    public var dataDirectory = "kazi-data"
    /// Folder of collection files; `nil`: the shipped ones.
    public var collectionsDirectory: String?
    /// The collection of `/api/v1/search`; `nil`: `jobs`, else the first that can be searched.
    public var defaultCollection: String?
    /// Folder of the embedding model; `nil`: where `scripts/setup` put it. See `ModelLocation`.
    public var modelDirectory: String?
    /// Whether `/openapi.json`, `/docs` and `/redoc` are served.
    public var servesDocs = true
    /// Folder of Swagger UI and ReDoc; `nil`: where `scripts/setup` put them, and without them where they are not there.
    public var docsAssetsDirectory: String?
    /// Threads that embed texts, 1...256. As many as there are cores: their priority is lower than that of the threads
    /// that serve, so an import takes what those leave.
    public var embeddingThreadCount = ProcessInfo.processInfo.activeProcessorCount
    /// Open HTTP connections at most; further ones wait in the kernel's queue.
    public var connectionCountMax = 4096
    /// A connection on which nothing moves for this long is closed.
    public var idleTimeout = Duration.seconds(60)
    /// What a request body may have; batch bodies have a limit of their own.
    public var bodyBytesMax = 1 << 20
    public var batchBytesMax = 64 << 20
    /// How long a search may take before it is answered with an error.
    public var searchTimeout = Duration.seconds(10)
    /// How long a write waits to become searchable with `?wait=searchable`.
    public var searchableTimeout = Duration.seconds(30)

    public init() {}
}
