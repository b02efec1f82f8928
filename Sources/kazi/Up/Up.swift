import ArgumentParser
import Foundation
import ServiceRuntime

/// `kazi up`: a gateway and its workers as children, with a sample the first time.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a gateway and its workers here, with 604 sample job postings the first time.",
        discussion: "Ctrl-C or SIGTERM stops everything. Whatever else starts with KAZI_ reaches the children too.")

    @Option(help: "Port of the HTTP API on 127.0.0.1; 0 takes a free one (KAZI_PORT, default 8000).")
    var port: Int?

    @Option(help: "Endpoint at which workers and internal services reach the gateway (KAZI_ZMQ, default the port after the HTTP port).")
    var zmq: String?

    @Option(help: "Folder of the database, made where it is missing (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Option(help: "How many search workers, 1...64 (KAZI_WORKERS, default 1).")
    var workers: Int?

    @Option(help: "Folder of collection files in place of the shipped jobs and events (KAZI_COLLECTIONS).")
    var collections: String?

    @Option(help: "Folder of the embedding model (KAZI_MODEL, default where scripts/setup put it).")
    var model: String?

    @Option(help: "Folder of Swagger UI and ReDoc (KAZI_DOCS_ASSETS, default where scripts/setup put it).")
    var docsAssets: String?

    @Flag(help: "Serve no /openapi.json, /docs and /redoc (KAZI_NO_DOCS=1).")
    var noDocs = false

    @Flag(help: "Load no sample.")
    var noSample = false

    func run() async throws {
        let workerCount = try EnvironmentSetting.value(workers, "KAZI_WORKERS", default: 1)
        guard (1...64).contains(workerCount) else { throw ValidationError("--workers takes 1 to 64, not \(workerCount)") }
        let httpPort = try EnvironmentSetting.value(port, "KAZI_PORT", default: 8000)
        guard (0...65534).contains(httpPort) else { throw ValidationError("--port takes 0 to 65534, not \(httpPort)") }
        let dataDirectory = URL(
            fileURLWithPath: try EnvironmentSetting.value(dataDir, "KAZI_DATA_DIR", default: "kazi-data"))
        let gateway = GatewayProcess(
            port: httpPort,
            messagingEndpoint: try EnvironmentSetting.optional(zmq, "KAZI_ZMQ")
                ?? (httpPort == 0 ? "tcp://127.0.0.1:*" : "tcp://127.0.0.1:\(httpPort + 1)"),
            dataDirectory: dataDirectory,
            collectionsDirectory: try EnvironmentSetting.optional(collections, "KAZI_COLLECTIONS"),
            modelDirectory: try EnvironmentSetting.optional(model, "KAZI_MODEL"),
            docsAssetsDirectory: try EnvironmentSetting.optional(docsAssets, "KAZI_DOCS_ASSETS"),
            servesDocs: try !EnvironmentSetting.isOn(noDocs, "KAZI_NO_DOCS"))
        let supervisor = Supervisor(gateway: gateway, workerCount: workerCount, loadsSample: !noSample)
        _ = try await Interruption.stopping { try await supervisor.run() }
    }
}
