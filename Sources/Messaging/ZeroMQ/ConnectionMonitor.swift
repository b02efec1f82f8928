internal import CZeroMQ

/// Reads what libzmq reports of a socket's connections. Lives on the hub's thread.
final class ConnectionMonitor {
    enum Report: Equatable {
        case connected
        case disconnected
        case handshakeFailed
    }

    private static let events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

    let socket: ZMQSocket

    /// - Parameter id: Unlike that of every other monitor of the context.
    init(of monitored: borrowing ZMQSocket, id: UInt64, context: ZMQContext) throws(MessagingError) {
        let endpoint = "inproc://monitor-\(id)"
        let status = monitored.monitor(at: endpoint, events: Self.events)
        guard status == 0 else { throw .systemResources(errno: status) }
        socket = try context.makeSocket(ZMQ_PAIR)
        try socket.set(ZMQ_LINGER, 0)
        let connected = socket.connect(endpoint)
        guard connected == 0 else { throw .systemResources(errno: connected) }
    }

    /// The next report, or `nil` when there is none.
    func next() -> Report? {
        while let received = socket.receive(frameCountMax: 2, bytesMax: 1_024) {
            // Frame 0: event (u16) and value (u32) in this machine's byte order; frame 1: the address.
            guard let first = received.frames.first, first.count >= 2 else { continue }
            switch CInt(UInt16(first[0]) | UInt16(first[1]) << 8) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
            case ZMQ_EVENT_DISCONNECTED: return .disconnected
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .handshakeFailed
            default: continue
            }
        }
        return nil
    }
}
