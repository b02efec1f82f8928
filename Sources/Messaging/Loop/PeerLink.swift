internal import CZeroMQ
internal import WireProtocol

/// One connected DEALER, with the requests that wait for its answers. Lives on the hub's thread.
final class PeerLink {
    enum State {
        /// No connection yet: requests wait for it.
        case connecting
        case connected
        /// Lost: requests fail at once.
        case disconnected
    }

    let id: UInt64
    let target: PeerTarget
    let socket: ZMQSocket
    let monitor: ConnectionMonitor
    var state = State.connecting
    /// By request id. Those of `waitingIDs` are not sent yet.
    var pending: [UInt64: OutboundRequest] = [:]
    /// Requests from before the first connection, in order; some may have expired.
    var waitingIDs: [UInt64] = []

    init(
        id: UInt64, target: PeerTarget, configuration: HubConfiguration, context: ZMQContext
    ) throws(MessagingError) {
        self.id = id
        self.target = target
        socket = try context.makeSocket(ZMQ_DEALER)
        try socket.configureClient(
            configuration, target.endpoint, keys: target.keys, serverKey: target.serverKey)
        monitor = try ConnectionMonitor(of: socket, id: id, context: context)
        let status = socket.connect(target.endpoint.text)
        guard status == 0 else { throw .cannotConnect(endpoint: target.endpoint.text, errno: status) }
    }

    deinit {
        // Ends the reports, so that closing the socket does not report itself.
        _ = socket.monitor(at: nil, events: 0)
    }

    /// Sends a request with what is left of its time.
    func transmit(_ request: OutboundRequest, now: ContinuousClock.Instant) -> (ZMQSocket.SendOutcome, bytes: Int) {
        let header = MessageHeader(
            kind: request.kind, requestID: request.requestID, traceID: request.traceID,
            // 0 would say that there is no deadline.
            remainingMilliseconds: max(1, (request.deadline - now).wireMilliseconds))
        let bytes = WireLimits.headerBytes + request.content.byteCount
        return (socket.send(Message(header: header, content: request.content).frames()), bytes)
    }
}
