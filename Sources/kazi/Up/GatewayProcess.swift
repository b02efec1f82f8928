import Foundation

/// The gateway as a child, and the file in which it says where it listens.
struct GatewayProcess: Sendable {
    let port: Int
    let messagingEndpoint: String
    let dataDirectory: URL
    let collectionsDirectory: String?
    let modelDirectory: String?
    let docsAssetsDirectory: String?
    let servesDocs: Bool

    /// Where a running gateway listens: what it writes to `gateway.json` in its data directory.
    struct Addresses: Decodable, Sendable {
        /// For instance `http://127.0.0.1:8000`.
        let http: String
        /// For instance `tcp://127.0.0.1:8001`.
        let zmq: String
        let pid: Int32
    }

    var addressFile: URL { dataDirectory.appendingPathComponent("gateway.json") }

    /// The gateway; started again, it takes the ports it had, where workers and clients look for it.
    var child: ChildProcess {
        let earlier = lastAddresses
        let httpPort = earlier.flatMap { URL(string: $0.http)?.port } ?? port
        var arguments = [
            "--host", "127.0.0.1", "--port", "\(httpPort)", "--zmq", earlier?.zmq ?? messagingEndpoint, "--data-dir", dataDirectory.path,
            "--exit-with-parent",
        ]
        if let collectionsDirectory { arguments += ["--collections", collectionsDirectory] }
        if let modelDirectory { arguments += ["--model", modelDirectory] }
        if let docsAssetsDirectory { arguments += ["--docs-assets", docsAssetsDirectory] }
        if !servesDocs { arguments.append("--no-docs") }
        return ChildProcess(executableName: "kazi-gateway", arguments: arguments, environment: Self.quietLog)
    }

    func worker(named name: String, gateway: String) -> ChildProcess {
        ChildProcess(
            executableName: "kazi-worker",
            arguments: [
                "--gateway", gateway, "--id", name, "--data-dir",
                dataDirectory.appendingPathComponent("workers").appendingPathComponent(name).path, "--exit-with-parent",
            ],
            environment: Self.quietLog)
    }

    /// On a terminal that shows a person an address, a line for each request is noise; `KAZI_LOG_LEVEL` brings them back.
    private static var quietLog: [String: String] {
        let defaults = ["KAZI_LOG_LEVEL": "warning", "KAZI_LOG_FORMAT": "text"]
        return defaults.filter { ProcessInfo.processInfo.environment[$0.key] == nil }
    }

    /// What the running gateway wrote; `nil` before it listens. A file left by one that died is not believed.
    func addresses() -> Addresses? {
        guard let addresses = lastAddresses, kill(addresses.pid, 0) == 0 else { return nil }
        return addresses
    }

    /// What the last gateway wrote, whether or not it lives.
    private var lastAddresses: Addresses? {
        (try? Data(contentsOf: addressFile)).flatMap { try? JSONDecoder().decode(Addresses.self, from: $0) }
    }

    /// Removes what an earlier run left, so that a new file is the new gateway's.
    func forgetAddresses() { try? FileManager.default.removeItem(at: addressFile) }
}
