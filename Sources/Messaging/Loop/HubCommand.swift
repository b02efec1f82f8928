internal import WireProtocol

typealias RequestResult = Result<MessageContent, RequestError>

/// A request on its way to a peer.
struct OutboundRequest: Sendable {
    let requestID: UInt64
    let kind: MessageKind
    let content: MessageContent
    let traceID: TraceID
    let deadline: ContinuousClock.Instant
    let completion: @Sendable (RequestResult) -> Void
}

/// Whom to connect to, and whom to tell.
struct PeerTarget: Sendable {
    let endpoint: Endpoint
    /// This side's; `nil`: without CURVE.
    let keys: CurveKeyPair?
    let serverKey: CurvePublicKey?
    let onNotice: @Sendable (InboundNotice) -> Void
    let onEvent: @Sendable (PeerEvent) -> Void
}

/// What other threads ask of the hub's.
enum HubCommand: Sendable {
    case bind(
        endpoint: Endpoint, kinds: Set<MessageKind>, handler: @Sendable (InboundRequest) -> Void,
        done: @Sendable (Result<String, MessagingError>) -> Void)
    case connect(peerID: UInt64, PeerTarget)
    case disconnect(peerID: UInt64)
    case request(peerID: UInt64, OutboundRequest)
    case cancel(peerID: UInt64, requestID: UInt64)
    case notice(peerID: UInt64, Message)
    case routedNotice(PeerIdentity, Message)
    /// `releasedBytes`: what the request had held of the inbound limit.
    case reply(PeerIdentity, Message, releasedBytes: Int)
    case addTimer(id: UInt64, interval: Duration, action: @Sendable () -> Void)
    case removeTimer(id: UInt64)
}
