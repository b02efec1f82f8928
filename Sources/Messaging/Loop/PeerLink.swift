internal import WireProtocol

/// A peer that is connected to, over one socket after the other, with the requests that wait for its answers. Lives on
/// the hub's thread.
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
    /// `nil` for a moment after each loss.
    var connection: PeerSocket?
    var state = State.connecting
    /// By request id. Those of `waitingIDs` are not sent yet.
    var pending: [UInt64: OutboundRequest] = [:]
    /// Requests from before the first connection, in order; some may have expired.
    var waitingIDs: [UInt64] = []

    init(id: UInt64, target: PeerTarget, connection: PeerSocket) {
        self.id = id
        self.target = target
        self.connection = connection
    }

    /// Sends a message, or says why not. Only over a connection: before it, a queue would hold the message back.
    func send(_ frames: [[UInt8]]) -> ZMQSocket.SendOutcome {
        guard state == .connected, let connection else { return .unroutable }
        return connection.socket.send(frames)
    }

    /// Sends a request with what is left of its time.
    func transmit(_ request: OutboundRequest, now: ContinuousClock.Instant) -> (ZMQSocket.SendOutcome, bytes: Int) {
        let header = MessageHeader(
            kind: request.kind, requestID: request.requestID, traceID: request.traceID,
            // 0 would say that there is no deadline.
            remainingMilliseconds: max(1, (request.deadline - now).wireMilliseconds))
        let bytes = WireLimits.headerBytes + request.content.byteCount
        return (send(Message(header: header, content: request.content).frames()), bytes)
    }
}
