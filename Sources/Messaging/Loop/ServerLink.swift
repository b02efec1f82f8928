internal import CZeroMQ
internal import WireProtocol

/// The bound ROUTER, with what its requests hold of the inbound limit. Lives on the hub's thread.
final class ServerLink {
    let socket: ZMQSocket
    let kinds: Set<MessageKind>
    let handler: @Sendable (InboundRequest) -> Void
    /// The endpoint with its real port.
    private(set) var endpoint = ""
    private let accessControl: AccessControl?
    /// Requests without an answer yet, and the bytes of their contents.
    private(set) var inboundCount = 0
    private(set) var inboundBytes = 0

    init(
        _ endpoint: Endpoint, kinds: Set<MessageKind>, handler: @escaping @Sendable (InboundRequest) -> Void,
        configuration: HubConfiguration, context: ZMQContext
    ) throws(MessagingError) {
        self.kinds = kinds
        self.handler = handler
        // ZAP comes before the bind: without a handler libzmq would let every key in.
        if case .curve(_, let allowedClients) = configuration.security {
            accessControl = try AccessControl(allowing: allowedClients, context: context)
        } else {
            accessControl = nil
        }
        socket = try context.makeSocket(ZMQ_ROUTER)
        try socket.configureServer(configuration, endpoint)
        switch socket.bind(endpoint.text) {
        case 0: self.endpoint = socket.lastEndpoint() ?? endpoint.text
        case EADDRINUSE: throw .addressInUse(endpoint.text)
        case let errno: throw .cannotBind(endpoint: endpoint.text, errno: errno)
        }
    }

    /// Whether a request of this size may come in; then it holds its part until `release`.
    func admit(_ bytes: Int, _ configuration: HubConfiguration) -> Bool {
        guard inboundCount < configuration.inboundRequestCountMax,
            inboundCount == 0 || inboundBytes + bytes <= configuration.inboundBytesMax
        else { return false }
        inboundCount += 1
        inboundBytes += bytes
        return true
    }

    func release(_ bytes: Int) {
        inboundCount -= 1
        inboundBytes -= bytes
    }

    func appendAccessPollItem(to items: inout [zmq_pollitem_t]) {
        guard let accessControl else { return }
        unsafe items.append(accessControl.socket.pollItem())
    }

    /// - Returns: How many handshakes were refused.
    func answerAccessQuestions() -> Int {
        accessControl?.answerAll() ?? 0
    }
}
