import Foundation

/// How one worker is run. Checked by whoever fills it in.
public struct WorkerSettings: Sendable {
    /// ZeroMQ endpoint of the gateway whose feed is followed.
    public var gatewayEndpoint = "tcp://127.0.0.1:8001"
    /// Where gateways and internal services search; `tcp://127.0.0.1:*` takes a free port.
    public var searchEndpoint = "tcp://127.0.0.1:*"
    /// 1...128 bytes; the same after a restart, and no other living worker's.
    public var workerID = "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
    /// The collections to hold; empty: every searchable one.
    public var collections: [String] = []
    /// 0..<`shardCount`.
    public var shardIndex = 0
    /// 1...1024.
    public var shardCount = 1
    /// 1...256.
    public var scanThreadCount = ProcessInfo.processInfo.activeProcessorCount
    /// Searches that may wait for a thread; one more is refused.
    public var queueLimit = 256
    /// Searches that may wait for a write they name.
    public var waitingSearchCountMax = 1024
    /// Rows asked for in one request to the feed.
    public var feedRowLimit = 2048
    /// What the indexes may take together; `nil`: as much as they like.
    public var memoryLimitBytes: Int?

    /// Where snapshots are kept; no other worker's. nil: nowhere.
    public var dataDirectory: String?

    /// A search that takes as long is logged as a warning.
    public var slowSearchTime = Duration.seconds(1)

    public init() {}
}
