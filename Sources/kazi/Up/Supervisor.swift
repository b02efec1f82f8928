import ArgumentParser
import Foundation
import Subprocess

/// Keeps a gateway and its workers running: starts them, starts again what ends unasked, stops them in the right order.
struct Supervisor: Sendable {
    let gateway: GatewayProcess
    let workerCount: Int
    let loadsSample: Bool

    /// How long the first start may take.
    private static let startPatience = Duration.seconds(120)
    /// A child that lived this long is started again at once; one that keeps dying waits longer each time.
    private static let healthyLife = Duration.seconds(10)
    private static let restartDelayMax = Duration.seconds(5)

    /// Runs until cancelled. Throws `ExitCode` when the gateway cannot be started: it has said why itself.
    func run() async throws {
        gateway.forgetAddresses()
        let workersMayStop = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // The gateway stops first and lets its requests finish, for which it needs the workers.
                defer { workersMayStop.continuation.finish() }
                try await keepRunning(as: "gateway", mayFailToStart: false) { gateway.child }
            }
            group.addTask {
                let addresses = try await waitForAddresses()
                try await withThrowingTaskGroup(of: Void.self) { workers in
                    workers.addTask { try await announce(addresses) }
                    workers.addTask { try await runWorkers(addresses, until: workersMayStop.stream) }
                    try await finishTogether(&workers)
                }
            }
            try await finishTogether(&group)
        }
    }

    /// Waits for all tasks; the first that fails ends the others. (`waitForAll` would let them run on.)
    private func finishTogether(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        while try await group.next() != nil {}
    }

    /// Runs the workers outside this task's cancellation, until `stop` finishes.
    private func runWorkers(_ addresses: GatewayProcess.Addresses, until stop: AsyncStream<Void>) async throws {
        let running = Task.detached {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 1...workerCount {
                    let name = "worker-\(index)"
                    group.addTask {
                        try await keepRunning(as: name, mayFailToStart: true) {
                            gateway.worker(named: name, gateway: addresses.zmq)
                        }
                    }
                }
                try await finishTogether(&group)
            }
        }
        await Task.detached { for await _ in stop {} }.value
        running.cancel()
        _ = try? await running.value
    }

    private func keepRunning(
        as name: String, mayFailToStart: Bool, _ child: @Sendable () -> ChildProcess
    ) async throws {
        var delay = Duration.milliseconds(100)
        var hasStarted = mayFailToStart
        while true {
            let start = ContinuousClock.now
            let status = try await child().run()
            if Task.isCancelled { return }
            hasStarted = hasStarted || gateway.addresses() != nil || ContinuousClock.now - start > Self.healthyLife
            guard hasStarted else { throw ExitCode.failure }
            Console.note("\(name) ended (\(status)); starting it again")
            delay = ContinuousClock.now - start > Self.healthyLife ? .milliseconds(100) : min(delay * 2, Self.restartDelayMax)
            try await Task.sleep(for: delay)
        }
    }

    private func waitForAddresses() async throws -> GatewayProcess.Addresses {
        let deadline = ContinuousClock.now + Self.startPatience
        while ContinuousClock.now < deadline {
            if let addresses = gateway.addresses() { return addresses }
            try await Task.sleep(for: .milliseconds(20))
        }
        Console.note("the gateway did not listen within \(Self.startPatience)")
        throw ExitCode.failure
    }

    /// Waits until searches work, loads the sample where it is wanted, and tells a person what to try.
    private func announce(_ addresses: GatewayProcess.Addresses) async throws {
        try await SampleLoader.waitUntilReady(addresses.http, patience: Self.startPatience)
        if loadsSample {
            let marker = gateway.dataDirectory.appendingPathComponent("sample-loaded")
            try await SampleLoader(baseURL: addresses.http, marker: marker).loadIfEmpty()
        }
        Console.show(
            """
            Kazi is ready at \(addresses.http)

            Open it in a browser to search; \(addresses.http)/docs is the API's documentation.

            Try:
              curl '\(addresses.http)/api/v1/search?q=I+like+working+with+children&top_k=3'
              curl \(addresses.http)/api/v1/search -H 'Content-Type: application/json' -d '{"text": "solar technician", "filter": {"location": "Nakuru"}}'
              curl \(addresses.http)/api/v1/jobs -H 'Content-Type: application/json' -d '{"title": "Beekeeper", "company": "Mwingi Honey", "source": "linkedin"}'

            Workers join at \(addresses.zmq). Data is in \(gateway.dataDirectory.path). Ctrl-C stops everything.
            """)
    }
}
