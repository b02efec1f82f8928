import NIOCore

/// Who is at the other end of a connection; worked out once for all its requests.
final class ClientConnection: Sendable {
    /// The address alone; empty where there is none.
    let address: String
    /// The address and port, for the log; `-` where there is none. By a proxy's word, the address alone.
    let name: String

    /// One that is known by the word of a proxy.
    init(address: String) {
        self.address = address
        name = address
    }

    init(_ channel: any Channel) {
        address = channel.remoteAddress?.ipAddress ?? ""
        name = channel.remoteAddress.map { "\($0.ipAddress ?? "-"):\($0.port ?? 0)" } ?? "-"
    }
}
