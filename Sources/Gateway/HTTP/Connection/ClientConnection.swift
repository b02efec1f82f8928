import NIOCore

/// Who is at the other end of a connection; worked out once for all its requests.
final class ClientConnection: Sendable {
    /// The address alone; empty where there is none.
    let address: String
    /// The address and port, for the log; `-` where there is none.
    let name: String

    init(_ channel: any Channel) {
        address = channel.remoteAddress?.ipAddress ?? ""
        name = channel.remoteAddress.map { "\($0.ipAddress ?? "-"):\($0.port ?? 0)" } ?? "-"
    }
}
