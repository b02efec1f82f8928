internal import Synchronization
public import WireProtocol

/// A message that came to the hub's bound socket. A request is to be answered once, from any thread.
///
/// A request that is released without an answer is answered `internalError` in its place, so that no requester waits
/// in vain. Notices (one-way kinds) want no answer; one that is given is dropped.
public final class InboundRequest: Sendable {
    public let kind: MessageKind
    public let content: MessageContent
    public let traceID: TraceID
    /// Where to send notices to this peer later.
    public let peer: PeerIdentity
    public let receivedAt: ContinuousClock.Instant
    /// When the requester stops waiting: the header's remaining time from receipt on, at most
    /// `WireLimits.deadlineMax`, without one `WireLimits.deadlineDefault`. Work that is taken up later is wasted.
    public let deadline: ContinuousClock.Instant

    private let header: MessageHeader
    private let mailbox: HubMailbox
    private let isAnswered: Atomic<Bool>

    init(_ message: Message, kind: MessageKind, peer: PeerIdentity, mailbox: HubMailbox) {
        self.kind = kind
        self.content = message.content
        self.traceID = message.header.traceID
        self.peer = peer
        self.receivedAt = .now
        self.header = message.header
        self.mailbox = mailbox
        self.isAnswered = Atomic(kind.isOneWay)
        let remaining = message.header.remainingMilliseconds
        let patience = remaining == 0 ? WireLimits.deadlineDefault : .milliseconds(Int64(remaining))
        self.deadline = receivedAt + min(patience, WireLimits.deadlineMax)
    }

    deinit {
        fail(ErrorReply(.internalError, message: "the request was dropped without an answer"))
    }

    public var wantsReply: Bool { !kind.isOneWay }

    /// What is left of the deadline; 0 when it is over.
    public var remainingTime: Duration { max(.zero, deadline - .now) }

    /// Reads the body as the request it should be; a failure is for `fail`.
    public func decode<Body: WireContent>(_: Body.Type = Body.self) throws(WireError) -> Body {
        try Body(decoding: content)
    }

    /// Answers with success. A reply over the size limits becomes the error `bodyTooLarge`.
    ///
    /// - Returns: Whether this was the request's first answer; a later one is dropped.
    @discardableResult
    public func reply(_ body: some WireContent) -> Bool {
        do {
            return send(.ok, try body.encoded())
        } catch {
            return fail(ErrorReply(error))
        }
    }

    @discardableResult
    public func fail(_ error: ErrorReply) -> Bool {
        // An error reply with the status of success would read as one.
        let status = error.status == .ok ? WireStatus.internalError : error.status
        return send(status, error.contentWithinLimits())
    }

    @discardableResult
    public func fail(_ error: WireError) -> Bool { fail(ErrorReply(error)) }

    private func send(_ status: WireStatus, _ content: MessageContent) -> Bool {
        guard isAnswered.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return false
        }
        let message = Message(header: header.reply(status), content: content)
        mailbox.postReply(.reply(peer, message, releasedBytes: self.content.byteCount))
        return true
    }
}
