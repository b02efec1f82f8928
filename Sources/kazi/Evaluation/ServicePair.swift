import Foundation

/// A gateway and one worker of our own in a folder, for as long as they are needed.
struct ServicePair: Sendable {
    let gateway: GatewayProcess

    /// How long the two may take until they can search.
    private static let startPatience = Duration.seconds(120)

    /// - Parameters:
    ///   - folder: Holds the database.
    ///   - collections: Holds the collection files.
    ///   - model: The folder of the embedding model; `nil` where `scripts/setup` put it.
    init(folder: URL, collections: URL, model: String?) {
        gateway = GatewayProcess(
            port: 0, messagingEndpoint: "tcp://127.0.0.1:*", dataDirectory: folder.appendingPathComponent("data"),
            collectionsDirectory: collections.path, modelDirectory: model,
            docsAssetsDirectory: nil, servesDocs: false)
    }

    /// Starts both, runs `body` with the gateway's address, and stops both whatever happened.
    func run<Result: Sendable>(_ body: @escaping @Sendable (GatewayAddress) async throws -> Result) async throws -> Result {
        gateway.forgetAddresses()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                let status = try await gateway.child.run()
                try Task.checkCancellation()
                throw CommandFailure("the gateway ended (\(status))")
            }
            let addresses = AsyncStream.makeStream(of: GatewayProcess.Addresses.self)
            group.addTask {
                for await found in addresses.stream {
                    let status = try await gateway.worker(named: "worker-1", gateway: found.zmq).run()
                    try Task.checkCancellation()
                    throw CommandFailure("the worker ended (\(status))")
                }
                return nil
            }
            group.addTask {
                let found = try await waitForAddresses()
                addresses.continuation.yield(found)
                try await SampleLoader.waitUntilReady(found.http, patience: Self.startPatience)
                guard let address = GatewayAddress(found.http, timeout: GatewayAddress.batchTimeout) else {
                    throw CommandFailure("the gateway wrote '\(found.http)' as its address")
                }
                return try await body(address)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func waitForAddresses() async throws -> GatewayProcess.Addresses {
        let deadline = ContinuousClock.now + Self.startPatience
        while ContinuousClock.now < deadline {
            if let addresses = gateway.addresses() { return addresses }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure("the gateway did not listen within \(Self.startPatience.formatted(.seconds))")
    }
}
