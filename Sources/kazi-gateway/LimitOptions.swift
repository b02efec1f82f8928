import ArgumentParser
import Gateway
import ServiceRuntime

/// What clients may take of the gateway: connections, time, memory, and requests at once.
struct LimitOptions: ParsableArguments {
    @Option(help: "Open HTTP connections at most (KAZI_MAX_CONNECTIONS, default 4096).")
    var maxConnections: Int?

    @Option(help: "Connections of one address, an IPv6 /64 being one, at most (KAZI_CONNECTIONS_PER_ADDRESS, default 3072).")
    var connectionsPerAddress: Int?

    @Option(help: "Bytes of a request line with its header fields (KAZI_MAX_HEAD_BYTES, default 32768).")
    var maxHeadBytes: Int?

    @Option(help: "Seconds for the head of a request to arrive (KAZI_HEAD_TIMEOUT, default 10).")
    var headTimeout: Double?

    @Option(help: "Seconds for the body of a request to arrive (KAZI_BODY_TIMEOUT, default 300).")
    var bodyTimeout: Double?

    @Option(help: "Seconds after which a connection without a request is closed (KAZI_IDLE_TIMEOUT, default 60).")
    var idleTimeout: Double?

    @Option(help: "Seconds over which the speed of a body, and of an answer, is measured (KAZI_STALL_TIMEOUT, default 20).")
    var stallTimeout: Double?

    @Option(help: "Bytes a second at which a body has to come, and an answer to be taken (KAZI_MIN_RATE, default 1024).")
    var minRate: Int?

    @Option(help: "Searches served at once; a few more wait, and the rest get 503 (KAZI_MAX_SEARCHES, default 64).")
    var maxSearches: Int?

    @Option(help: "Writes served at once (KAZI_MAX_WRITES, default 64).")
    var maxWrites: Int?

    @Option(help: "Exports served at once (KAZI_MAX_EXPORTS, default 16).")
    var maxExports: Int?

    @Option(help: "Other requests served at once (KAZI_MAX_OTHERS, default 256).")
    var maxOthers: Int?

    @Option(help: "Requests of one kind that may wait to be served (KAZI_MAX_QUEUE, default 256).")
    var maxQueue: Int?

    @Option(help: "Seconds that a request waits to be served before it gets 503 (KAZI_QUEUE_TIMEOUT, default 1).")
    var queueTimeout: Double?

    @Option(help: "Memory for the bodies of all requests, in MiB (KAZI_MAX_BODY_MEMORY, default 512).")
    var maxBodyMemory: Int?

    @Option(help: "Seconds that requests have to finish when the gateway stops (KAZI_STOP_TIMEOUT, default 15).")
    var stopTimeout: Double?

    func apply(to settings: inout GatewaySettings) throws {
        settings.connectionCountMax = try count(
            maxConnections, "KAZI_MAX_CONNECTIONS", settings.connectionCountMax, 1...1_000_000, "--max-connections")
        settings.addressConnectionCountMax = try count(
            connectionsPerAddress, "KAZI_CONNECTIONS_PER_ADDRESS", settings.addressConnectionCountMax, 1...1_000_000,
            "--connections-per-address")
        settings.headBytesMax = try count(
            maxHeadBytes, "KAZI_MAX_HEAD_BYTES", settings.headBytesMax, 1024...1 << 20, "--max-head-bytes")
        settings.bytesPerSecondMin = try count(minRate, "KAZI_MIN_RATE", settings.bytesPerSecondMin, 0...1 << 30, "--min-rate")
        settings.searchCountMax = try count(
            maxSearches, "KAZI_MAX_SEARCHES", settings.searchCountMax, 1...100_000, "--max-searches")
        settings.writeCountMax = try count(maxWrites, "KAZI_MAX_WRITES", settings.writeCountMax, 1...100_000, "--max-writes")
        settings.exportCountMax = try count(
            maxExports, "KAZI_MAX_EXPORTS", settings.exportCountMax, 1...100_000, "--max-exports")
        settings.otherCountMax = try count(maxOthers, "KAZI_MAX_OTHERS", settings.otherCountMax, 1...100_000, "--max-others")
        settings.queuedCountMax = try count(maxQueue, "KAZI_MAX_QUEUE", settings.queuedCountMax, 0...100_000, "--max-queue")
        let bodyMemory = try count(
            maxBodyMemory, "KAZI_MAX_BODY_MEMORY", settings.bodyMemoryBytesMax >> 20, settings.batchBytesMax >> 20...1 << 20,
            "--max-body-memory")
        settings.bodyMemoryBytesMax = bodyMemory << 20
        settings.headTimeout = try seconds(headTimeout, "KAZI_HEAD_TIMEOUT", settings.headTimeout, "--head-timeout")
        settings.bodyTimeout = try seconds(bodyTimeout, "KAZI_BODY_TIMEOUT", settings.bodyTimeout, "--body-timeout")
        settings.idleTimeout = try seconds(idleTimeout, "KAZI_IDLE_TIMEOUT", settings.idleTimeout, "--idle-timeout")
        settings.stallTimeout = try seconds(stallTimeout, "KAZI_STALL_TIMEOUT", settings.stallTimeout, "--stall-timeout")
        settings.queueTimeout = try seconds(queueTimeout, "KAZI_QUEUE_TIMEOUT", settings.queueTimeout, "--queue-timeout")
        settings.stopTimeout = try seconds(stopTimeout, "KAZI_STOP_TIMEOUT", settings.stopTimeout, "--stop-timeout")
    }

    private func count(
        _ flag: Int?, _ variable: String, _ defaultValue: Int, _ range: ClosedRange<Int>, _ name: String
    ) throws -> Int {
        let value = try EnvironmentSetting.value(flag, variable, default: defaultValue)
        try require(range, value, name)
        return value
    }

    private func seconds(_ flag: Double?, _ variable: String, _ defaultValue: Duration, _ name: String) throws -> Duration {
        let value = try EnvironmentSetting.value(flag, variable, default: defaultValue / .seconds(1))
        try require(0.01...86_400, value, name)
        return .milliseconds(Int(value * 1000))
    }
}
