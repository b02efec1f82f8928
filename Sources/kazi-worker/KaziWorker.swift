import ArgumentParser
import Foundation
import SearchWorker
import ServiceRuntime

@main
struct KaziWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kazi-worker",
        abstract: "Holds vectors in memory and searches them for gateways and internal services over ZeroMQ.",
        discussion: "Start as many as you like, and stop them when you like: each follows the gateway's feed by itself.",
        version: KaziVersion.current)

    @Option(help: "Endpoint of the gateway (KAZI_GATEWAY, default tcp://127.0.0.1:8001).")
    var gateway: String?

    @Option(help: "Endpoint to be searched at; * takes a free port (KAZI_LISTEN, default tcp://127.0.0.1:*).")
    var listen: String?

    @Option(help: "Name of this worker, the same after a restart (KAZI_WORKER_ID, default made of host name and process).")
    var id: String?

    @Option(help: "Serve this collection alone; repeat for more (KAZI_COLLECTION, comma-separated; default all).")
    var collection: [String] = []

    @Option(help: "Hold shard i of n, written i/n with i from 0 (KAZI_SHARD, default 0/1: everything).")
    var shard: String?

    @Option(help: "Folder of its snapshots, its own alone, made where it is missing (KAZI_WORKER_DATA_DIR, default none).")
    var dataDir: String?

    @Option(help: "Threads that scan (KAZI_SCAN_THREADS, default all cores).")
    var scanThreads: Int?

    @Option(
        help:
            "Memory for vectors and what belongs to them, in MiB; rows beyond it are not taken (KAZI_MEMORY_LIMIT, default none)."
    )
    var memoryLimit: Int?

    @Option(help: "A search that takes as many milliseconds is logged as a warning (KAZI_SLOW_REQUEST_MS, default 1000).")
    var slowRequestMs: Int?

    @Option(help: "json or text (KAZI_LOG_FORMAT, default json).")
    var logFormat: LogFormat?

    @Option(help: "trace, debug, info, notice, warning, error or critical (KAZI_LOG_LEVEL, default info).")
    var logLevel: String?

    @Flag(help: "Stop when standard input reaches its end.")
    var exitWithParent = false

    func run() async throws {
        let level = try ProcessLog.level(logLevel)
        let settings = try workerSettings()
        ProcessLog.bootstrap(level: level, format: try EnvironmentSetting.value(logFormat, "KAZI_LOG_FORMAT", default: .json))
        defer { ProcessLog.flush() }
        do {
            try await SearchWorker(settings).run(exitingWithParent: exitWithParent)
        } catch let failure as StartFailure {
            ProcessLog.explain(failure.description, of: "kazi-worker")
            throw ExitCode.failure
        }
    }

    private func workerSettings() throws -> WorkerSettings {
        var settings = WorkerSettings()
        settings.gatewayEndpoint = try EnvironmentSetting.value(gateway, "KAZI_GATEWAY", default: settings.gatewayEndpoint)
        settings.searchEndpoint = try EnvironmentSetting.value(listen, "KAZI_LISTEN", default: settings.searchEndpoint)
        settings.workerID = try EnvironmentSetting.value(id, "KAZI_WORKER_ID", default: settings.workerID)
        settings.collections = EnvironmentSetting.list(collection, "KAZI_COLLECTION")
        settings.dataDirectory = try EnvironmentSetting.optional(dataDir, "KAZI_WORKER_DATA_DIR")
        settings.scanThreadCount = try EnvironmentSetting.value(
            scanThreads, "KAZI_SCAN_THREADS", default: settings.scanThreadCount)
        guard (1...256).contains(settings.scanThreadCount) else {
            throw ValidationError("--scan-threads takes 1 to 256, not \(settings.scanThreadCount)")
        }
        if let limit = try EnvironmentSetting.optional(memoryLimit, "KAZI_MEMORY_LIMIT") {
            guard (1...1 << 30).contains(limit) else { throw ValidationError("--memory-limit takes 1 MiB or more, not \(limit)") }
            settings.memoryLimitBytes = limit << 20
        }
        let slowRequestMs = try EnvironmentSetting.value(slowRequestMs, "KAZI_SLOW_REQUEST_MS", default: 1000)
        guard (0...86_400_000).contains(slowRequestMs) else {
            throw ValidationError("--slow-request-ms takes 0 to 86400000, not \(slowRequestMs)")
        }
        settings.slowSearchTime = .milliseconds(slowRequestMs)
        if let text = try EnvironmentSetting.optional(shard, "KAZI_SHARD") {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let index = parts[0], let count = parts[1], (1...1024).contains(count),
                (0..<count).contains(index)
            else { throw ValidationError("--shard takes i/n with 0 ≤ i < n ≤ 1024, not '\(text)'") }
            settings.shardIndex = index
            settings.shardCount = count
        }
        return settings
    }
}
