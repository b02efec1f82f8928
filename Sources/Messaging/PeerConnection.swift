internal import Synchronization
public import WireProtocol

/// What happened to a connection. The hub connects again by itself after each loss.
public enum PeerEvent: Sendable, Hashable {
    case connected
    /// Requests that had no answer yet have failed with `disconnected`.
    case disconnected
    /// The peer did not accept this side's key, or does not speak as expected; tried again.
    case handshakeFailed
    /// There will be no connection: the system refused the socket.
    case failed(MessagingError)
}

/// A notice (one-way message) from the peer that was connected to.
public struct InboundNotice: Sendable, Hashable {
    public let kind: MessageKind
    public let content: MessageContent
    public let traceID: TraceID
}

/// A connection to one peer's bound socket. Released, it is closed.
///
/// A request before the first connection waits for it, within its timeout. After a loss, requests fail at once with
/// `disconnected` until the hub has connected again: another replica is the better place to wait.
public final class PeerConnection: Sendable {
    public let endpoint: String
    let id: UInt64
    private let mailbox: HubMailbox

    init(endpoint: String, id: UInt64, mailbox: HubMailbox) {
        self.endpoint = endpoint
        self.id = id
        self.mailbox = mailbox
    }

    deinit { close() }

    /// Sends a request and waits for its answer; cancellation ends the wait.
    public func request<Request: WireRequest>(
        _ request: Request, timeout: Duration, traceID: TraceID = .none
    ) async throws(RequestError) -> Request.Reply {
        let content = try Self.encode(request)
        let reply = try await self.request(kind: Request.kind, content, timeout: timeout, traceID: traceID)
        do {
            return try Request.Reply(decoding: reply)
        } catch {
            throw .malformedReply(error)
        }
    }

    /// As above, with the body as bytes.
    public func request(
        kind: MessageKind, _ content: MessageContent, timeout: Duration, traceID: TraceID = .none
    ) async throws(RequestError) -> MessageContent {
        let requestID = mailbox.nextRequestID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<RequestResult, Never>) in
                post(requestID, kind, content, timeout, traceID) { continuation.resume(returning: $0) }
                // A task that was cancelled before ran its handler when there was nothing to cancel yet.
                if Task.isCancelled { mailbox.postCancel(.cancel(peerID: id, requestID: requestID)) }
            }
        } onCancel: {
            mailbox.postCancel(.cancel(peerID: id, requestID: requestID))
        }
        return try result.get()
    }

    /// Sends a request. `completion` is called exactly once: on the hub's thread, which it must not hold up, or on this
    /// one where nothing could be sent.
    public func request(
        kind: MessageKind, _ content: MessageContent, timeout: Duration, traceID: TraceID = .none,
        completion: @escaping @Sendable (Result<MessageContent, RequestError>) -> Void
    ) {
        post(mailbox.nextRequestID(), kind, content, timeout, traceID, completion)
    }

    /// As above, with typed bodies. The reply is decoded on the hub's thread: not for feed pages.
    public func request<Request: WireRequest>(
        _ request: Request, timeout: Duration, traceID: TraceID = .none,
        completion: @escaping @Sendable (Result<Request.Reply, RequestError>) -> Void
    ) {
        let content: MessageContent
        do {
            content = try Self.encode(request)
        } catch {
            return completion(.failure(error))
        }
        self.request(kind: Request.kind, content, timeout: timeout, traceID: traceID) { result in
            completion(
                result.flatMap { reply in
                    do throws(WireError) {
                        return .success(try Request.Reply(decoding: reply))
                    } catch {
                        return .failure(.malformedReply(error))
                    }
                })
        }
    }

    /// Sends a one-way message. It may be lost, and is where the peer is not connected.
    public func send<Notice: WireNotice>(_ notice: Notice, traceID: TraceID = .none) throws(RequestError) {
        let content: MessageContent
        do {
            content = try notice.encoded()
        } catch {
            throw .unsendable(error)
        }
        let header = MessageHeader(kind: Notice.kind, requestID: 0, traceID: traceID)
        try mailbox.postBounded(
            .notice(peerID: id, Message(header: header, content: content)), bytes: content.byteCount)
    }

    /// Closes the connection; requests without an answer fail with `closed`. A second call does nothing.
    public func close() {
        mailbox.postControl(.disconnect(peerID: id))
    }

    private static func encode(_ request: some WireRequest) throws(RequestError) -> MessageContent {
        do {
            return try request.encoded()
        } catch {
            throw .unsendable(error)
        }
    }

    private func post(
        _ requestID: UInt64, _ kind: MessageKind, _ content: MessageContent, _ timeout: Duration, _ traceID: TraceID,
        _ completion: @escaping @Sendable (RequestResult) -> Void
    ) {
        precondition(!kind.isOneWay, "a one-way message has no reply to wait for")
        do throws(WireError) {
            try content.checkSize(isReply: false)
        } catch {
            return completion(.failure(.unsendable(error)))
        }
        let request = OutboundRequest(
            requestID: requestID, kind: kind, content: content, traceID: traceID,
            deadline: .now + min(timeout, WireLimits.deadlineMax), completion: completion)
        do throws(RequestError) {
            try mailbox.postBounded(.request(peerID: id, request), bytes: content.byteCount)
        } catch {
            completion(.failure(error))
        }
    }
}
