import ArgumentParser
import Foundation
import Gateway
import ServiceRuntime

@main
struct KaziGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kazi-gateway",
        abstract: "HTTP JSON in front, records in SQLite behind, searches to workers over ZeroMQ.",
        discussion: "Every flag has a variable, named in brackets; the flag wins.",
        version: KaziVersion.current)

    @Option(help: "Address of the HTTP API; without keys and --require-auth a loopback address (KAZI_HOST, default 127.0.0.1).")
    var host: String?

    @Option(help: "Port of the HTTP API; 0 takes a free one (KAZI_PORT, default 8000).")
    var port: Int?

    @Option(help: "Endpoint for workers and internal services (KAZI_ZMQ, default tcp://127.0.0.1:8001).")
    var zmq: String?

    @Option(help: "Folder of the database, made where it is missing (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Option(help: "Folder of collection files (KAZI_COLLECTIONS, default the shipped jobs and events).")
    var collections: String?

    @Option(help: "The collection of /api/v1/search (KAZI_DEFAULT_COLLECTION, default jobs, else the first searchable one).")
    var defaultCollection: String?

    @Option(help: "Folder of the embedding model (KAZI_MODEL, default where scripts/setup put it).")
    var model: String?

    @Option(help: "Folder of Swagger UI and ReDoc (KAZI_DOCS_ASSETS, default where scripts/setup put it).")
    var docsAssets: String?

    @Flag(help: "Serve no /openapi.json, /docs and /redoc (KAZI_NO_DOCS=1).")
    var noDocs = false

    @Option(help: "Threads that embed texts (KAZI_EMBED_THREADS, default all cores; their priority is low).")
    var embedThreads: Int?

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    @Option(help: "Certificate chain as a PEM file; with it the API is served over TLS. Read anew when it changes and at SIGHUP (KAZI_TLS_CERTIFICATE).")
    var tlsCertificate: String?

    @Option(help: "Private key of the certificate as a PEM file (KAZI_TLS_KEY).")
    var tlsKey: String?

    @Option(help: "A request that takes as many milliseconds is logged as a warning, with where the time went (KAZI_SLOW_REQUEST_MS, default 1000).")
    var slowRequestMs: Int?

    @Flag(help: "Answers say what went wrong in this process; for development (KAZI_DEBUG).")
    var debug = false

    @Option(help: "json or text (KAZI_LOG_FORMAT, default json).")
    var logFormat: LogFormat?

    @Option(help: "Seconds that /api/v1/stats may be old (KAZI_STATS_AGE, default 300).")
    var statsAge: Int?

    @OptionGroup(title: "Access")
    var access: AccessFlags

    @Option(help: "trace, debug, info, notice, warning, error or critical (KAZI_LOG_LEVEL, default info).")
    var logLevel: String?

    @Option(help: "Say what this collection file, or folder of such, would do to the stored records, and end; may be repeated.")
    var check: [String] = []

    @Flag(help: "Stop when standard input reaches its end.")
    var exitWithParent = false

    func run() async throws {
        if !check.isEmpty { return try runCheck() }
        let level = try ProcessLog.level(logLevel)
        let settings = try gatewaySettings()
        ProcessLog.bootstrap(level: level, format: try EnvironmentSetting.value(logFormat, "KAZI_LOG_FORMAT", default: .json))
        defer { ProcessLog.flush() }
        do {
            try await Gateway(settings).run(exitingWithParent: exitWithParent)
        } catch let failure as StartFailure {
            ProcessLog.explain(failure.description, of: "kazi-gateway")
            throw ExitCode.failure
        }
    }

    private func runCheck() throws {
        do {
            let verdict = try CollectionCheck(check, settings: try gatewaySettings())
            for line in verdict.lines { print(line) }
            guard verdict.isAccepted else { throw ExitCode.failure }
        } catch let failure as StartFailure {
            ProcessLog.explain(failure.description, of: "kazi check")
            throw ExitCode.failure
        }
    }

    private func gatewaySettings() throws -> GatewaySettings {
        var settings = GatewaySettings()
        settings.host = try EnvironmentSetting.value(host, "KAZI_HOST", default: settings.host)
        settings.port = try EnvironmentSetting.value(port, "KAZI_PORT", default: settings.port)
        settings.messagingEndpoint = try EnvironmentSetting.value(zmq, "KAZI_ZMQ", default: settings.messagingEndpoint)
        settings.dataDirectory = try EnvironmentSetting.value(dataDir, "KAZI_DATA_DIR", default: settings.dataDirectory)
        settings.collectionsDirectory = try EnvironmentSetting.optional(collections, "KAZI_COLLECTIONS")
        settings.defaultCollection = try EnvironmentSetting.optional(defaultCollection, "KAZI_DEFAULT_COLLECTION")
        settings.modelDirectory = try EnvironmentSetting.optional(model, "KAZI_MODEL")
        settings.docsAssetsDirectory = try EnvironmentSetting.optional(docsAssets, "KAZI_DOCS_ASSETS")
        settings.servesDocs = try !EnvironmentSetting.isOn(noDocs, "KAZI_NO_DOCS")
        settings.embeddingThreadCount = try EnvironmentSetting.value(
            embedThreads, "KAZI_EMBED_THREADS", default: settings.embeddingThreadCount)
        settings.statsAge = .seconds(try EnvironmentSetting.value(statsAge, "KAZI_STATS_AGE", default: 300))
        settings.access = try access.settings()
        settings.certificateFile = try EnvironmentSetting.optional(tlsCertificate, "KAZI_TLS_CERTIFICATE")
        settings.privateKeyFile = try EnvironmentSetting.optional(tlsKey, "KAZI_TLS_KEY")
        settings.showsFaults = try EnvironmentSetting.isOn(debug, "KAZI_DEBUG")
        let slowRequestMs = try EnvironmentSetting.value(slowRequestMs, "KAZI_SLOW_REQUEST_MS", default: 1000)
        settings.slowRequestTime = .milliseconds(slowRequestMs)
        try limits.apply(to: &settings)
        try require(0...86_400, Int(settings.statsAge.components.seconds), "--stats-age")
        try require(0...65535, settings.port, "--port")
        try require(1...256, settings.embeddingThreadCount, "--embed-threads")
        try require(0...86_400_000, slowRequestMs, "--slow-request-ms")
        return settings
    }
}

/// Refuses a value outside of its range, as a usage error.
func require<Value: Comparable>(_ range: ClosedRange<Value>, _ value: Value, _ flag: String) throws {
    guard range.contains(value) else {
        throw ValidationError("\(flag) takes \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
}
