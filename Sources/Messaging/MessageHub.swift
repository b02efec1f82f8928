internal import NIOConcurrencyHelpers
public import WireProtocol

/// The ZeroMQ side of a process: one thread that owns one bound ROUTER and any number of connected DEALERs.
///
/// Handlers, completions and timers run on that thread and must not block it: they hand the work to someone else.
/// Everything else may be called from any thread. What a message means is not known here; what is no message of the
/// protocol, is of a kind not served, or comes when too much waits already, is answered here.
public final class MessageHub: Sendable {
    private let configuration: HubConfiguration
    private let mailbox: HubMailbox
    private let thread: HubThread

    public init(_ configuration: HubConfiguration = HubConfiguration()) throws(MessagingError) {
        self.configuration = configuration
        let context = try ZMQContext()
        let mailbox = HubMailbox(
            wakeSignal: try WakeSignal(), commandCountMax: configuration.queuedCommandCountMax,
            commandBytesMax: configuration.queuedCommandBytesMax)
        self.mailbox = mailbox
        self.thread = try HubThread(name: configuration.name) {
            // Sockets are made, used and closed inside this closure, and the context ends after all of them.
            HubLoop(context: context, mailbox: mailbox, configuration: configuration).run()
            context.terminate()
        }
    }

    deinit { shutdown() }

    /// Binds the ROUTER: once in a hub's life. Waits for the hub's thread, so not to be called on it.
    ///
    /// - Parameters:
    ///   - endpoint: Such as `tcp://127.0.0.1:7411`, or `tcp://127.0.0.1:*` for a free port.
    ///   - kinds: What is served; other kinds are answered `unknownKind`.
    ///   - handler: Called on the hub's thread for every well-formed message of these kinds.
    /// - Returns: The endpoint as bound, with the real port.
    public func bind(
        to endpoint: String, serving kinds: Set<MessageKind>, handler: @escaping @Sendable (InboundRequest) -> Void
    ) throws(MessagingError) -> String {
        precondition(!thread.isCurrent, "bind waits for the hub's thread and would wait for ever on it")
        let checked = try Endpoint(endpoint, isBinding: true)
        if case .none = configuration.security, !checked.isLocal { throw .unprotectedEndpoint(endpoint) }
        let outcome = ConditionLock<Bool>(value: false)
        let result = NIOLockedValueBox<Result<String, MessagingError>>(.failure(.closed))
        let posted = mailbox.postControl(
            .bind(endpoint: checked, kinds: kinds, handler: handler) { bound in
                result.withLockedValue { $0 = bound }
                outcome.lock()
                outcome.unlock(withValue: true)
            })
        guard posted else { throw .closed }
        outcome.lock(whenValue: true)
        outcome.unlock()
        return try result.withLockedValue { $0 }.get()
    }

    /// Begins to connect to a peer's bound socket, and goes on for as long as the connection is kept.
    ///
    /// - Parameters:
    ///   - serverKey: The peer's CURVE key; wanted wherever the endpoint is not of this machine, together with keys in
    ///     the hub's configuration.
    ///   - onNotice: Called on the hub's thread for every one-way message from the peer.
    ///   - onEvent: Called on the hub's thread.
    public func connect(
        to endpoint: String, serverKey: CurvePublicKey? = nil,
        onNotice: @escaping @Sendable (InboundNotice) -> Void = { _ in },
        onEvent: @escaping @Sendable (PeerEvent) -> Void = { _ in }
    ) throws(MessagingError) -> PeerConnection {
        let checked = try Endpoint(endpoint, isBinding: false)
        var keys: CurveKeyPair?
        if case .curve(let own, _) = configuration.security, serverKey != nil { keys = own }
        guard checked.isLocal || keys != nil else { throw .unprotectedEndpoint(endpoint) }
        let id = mailbox.nextRequestID()
        let target = PeerTarget(
            endpoint: checked, keys: keys, serverKey: serverKey, onNotice: onNotice, onEvent: onEvent)
        guard mailbox.postControl(.connect(peerID: id, target)) else { throw .closed }
        return PeerConnection(endpoint: endpoint, id: id, mailbox: mailbox)
    }

    /// Sends a one-way message to a peer that has sent one to the bound socket. It may be lost; one to a peer that has
    /// gone is counted as dropped.
    public func send<Notice: WireNotice>(
        _ notice: Notice, to peer: PeerIdentity, traceID: TraceID = .none
    ) throws(RequestError) {
        let content: MessageContent
        do {
            content = try notice.encoded()
        } catch {
            throw .unsendable(error)
        }
        let header = MessageHeader(kind: Notice.kind, requestID: 0, traceID: traceID)
        try mailbox.postBounded(
            .routedNotice(peer, Message(header: header, content: content)), bytes: content.byteCount)
    }

    /// Calls `action` on the hub's thread every `interval`, first after one of them, for as long as the timer is kept.
    /// A beat that was missed because the thread was late is left out.
    public func every(_ interval: Duration, _ action: @escaping @Sendable () -> Void) -> HubTimer {
        precondition(interval > .zero, "a timer's interval is positive")
        let id = mailbox.nextRequestID()
        mailbox.postControl(.addTimer(id: id, interval: interval, action: action))
        return HubTimer(id: id, mailbox: mailbox)
    }

    /// As of the thread's last turn.
    public var counters: MessagingCounters { mailbox.counters }

    /// Ends the hub: everything pending completes with `closed`, answers already given are sent within `linger`,
    /// sockets are closed and the thread has ended. Called on the hub's own thread, it returns at once and the thread
    /// ends after its turn. A second call does nothing but wait for the first.
    public func shutdown() {
        mailbox.close()
        thread.join()
    }
}
