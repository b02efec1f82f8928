import ArgumentParser
import Foundation
import ServiceRuntime

/// How a command reaches a gateway; the same flags in every command that talks to one.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Address of the gateway (KAZI_URL, default http://127.0.0.1:8000).")
    var url: String?

    @Option(help: "Key sent as X-API-Key (KAZI_API_KEY).")
    var apiKey: String?

    @Option(help: "Seconds that one request may take, 1...3600 (default 60; 600 where records are written and embedded).")
    var timeout: Int?

    static let defaultURL = "http://127.0.0.1:8000"

    mutating func validate() throws {
        if let timeout, !(1...3600).contains(timeout) { throw ValidationError("--timeout takes 1 to 3600, not \(timeout)") }
    }

    /// The gateway that the flags and variables name.
    func address(defaultTimeout: Duration = .seconds(60)) throws -> GatewayAddress {
        let text = try EnvironmentSetting.value(url, "KAZI_URL", default: Self.defaultURL)
        guard let address = GatewayAddress(
            text, apiKey: try EnvironmentSetting.optional(apiKey, "KAZI_API_KEY"),
            timeout: timeout.map { .seconds($0) } ?? defaultTimeout)
        else { throw ValidationError("--url takes an address such as \(Self.defaultURL), not '\(text)'") }
        return address
    }
}

/// Where a gateway listens, and how to be let in.
struct GatewayAddress: Sendable {
    /// Scheme, host and port, without a slash at the end.
    let baseURL: String
    let apiKey: String?
    /// How long one request may take, its answer included.
    let timeout: Duration

    /// Enough for a batch of long texts that are embedded one by one on a slow machine.
    static let batchTimeout = Duration.seconds(600)

    /// - Returns: `nil` unless `text` is an `http` or `https` address with a host and neither query nor fragment.
    init?(_ text: String, apiKey: String? = nil, timeout: Duration = .seconds(60)) {
        guard let parts = URLComponents(string: text), parts.scheme == "http" || parts.scheme == "https",
            let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil
        else { return nil }
        baseURL = text.hasSuffix("/") ? String(text.dropLast()) : text
        self.apiKey = apiKey
        self.timeout = timeout
    }
}
