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
    /// Open HTTP connections at most; for a further one, the connection that has rested longest is closed.
    public var connectionCountMax = 4096
    /// Of those, how many one address may have; a further one takes the place of its own one that has rested longest, or is
    /// refused where all are at work. Trusted proxies are exempt.
    public var addressConnectionCountMax = 3072
    /// A connection on which nothing moves for this long is closed.
    public var idleTimeout = Duration.seconds(60)
    /// The request line and all header fields of a request.
    public var headBytesMax = 32 << 10
    /// How long the head of a request may take to arrive.
    public var headTimeout = Duration.seconds(10)
    /// How long the body of a request may take to arrive.
    public var bodyTimeout = Duration.seconds(300)
    /// The stretch of time over which the speed of a body, and of an answer, is measured.
    public var stallTimeout = Duration.seconds(20)
    /// The least speed at which a body has to come and an answer to be taken; 0: anything at all has to move.
    public var bytesPerSecondMin = 1024
    /// PEM files; both or none.
    public var certificateFile: String?
    public var privateKeyFile: String?
    /// Requests that are served at once, by class; at least 1.
    public var searchCountMax = 64
    public var writeCountMax = 64
    public var exportCountMax = 16
    public var otherCountMax = 256
    /// Requests of one class that may wait to be served, and for how long.
    public var queuedCountMax = 256
    public var queueTimeout = Duration.seconds(1)
    /// What the bodies of all requests may take of memory; at least `batchBytesMax`.
    public var bodyMemoryBytesMax = 512 << 20
    /// A request that takes as long is logged as a warning, with where the time went.
    public var slowRequestTime = Duration.seconds(1)
    /// How long requests that were accepted may take to finish when the gateway stops.
    public var stopTimeout = Duration.seconds(15)
    /// Whether an answer tells what went wrong in this process. For development.
    public var showsFaults = false
    /// What a request body may have; batch bodies have a limit of their own.
    public var bodyBytesMax = 1 << 20
    public var batchBytesMax = 64 << 20
    /// How long a search may take before it is answered with an error.
    public var searchTimeout = Duration.seconds(10)
    /// How long a write waits to become searchable with `?wait=searchable`.
    public var searchableTimeout = Duration.seconds(30)

    public var access = AccessSettings()
    /// How old what `/api/v1/stats` says may be.
    public var statsAge = Duration.seconds(300)

    public init() {}
}
