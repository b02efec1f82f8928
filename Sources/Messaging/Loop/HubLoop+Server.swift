internal import CZeroMQ
internal import WireProtocol

/// The bound side: requests in, replies and notices out.
extension HubLoop {
    func bind(
        _ endpoint: Endpoint, _ kinds: Set<MessageKind>, _ handler: @escaping @Sendable (InboundRequest) -> Void
    ) -> Result<String, MessagingError> {
        guard server == nil else { return .failure(.alreadyBound) }
        do throws(MessagingError) {
            let link = try ServerLink(
                endpoint, kinds: kinds, handler: handler, configuration: configuration, context: context)
            server = link
            needsNewPollItems = true
            return .success(link.endpoint)
        } catch {
            return .failure(error)
        }
    }

    func readServer() {
        guard let server else { return }
        counters.refusedHandshakeCount += server.answerAccessQuestions()
        for _ in 0..<Self.messagesPerTurn {
            // The identity is one frame more.
            guard
                let received = server.socket.receive(
                    frameCountMax: WireLimits.frameCountMax + 1, bytesMax: WireLimits.messageBytesMax)
            else { return }
            counters.receivedMessageCount += 1
            counters.receivedBytes += received.byteCount
            guard let identity = received.frames.first else { continue }
            accept(received, from: PeerIdentity(bytes: identity), server)
        }
    }

    private func accept(_ received: ZMQSocket.Received, from peer: PeerIdentity, _ server: ServerLink) {
        let frames = Array(received.frames.dropFirst())
        do throws(WireError) {
            let message = try Self.message(frames, received, frameCount: received.frameCount - 1)
            guard !message.header.isReply else {
                // Nothing was asked over this socket, and a reply is never answered.
                counters.malformedCount += 1
                return
            }
            guard let kind = message.header.kind, server.kinds.contains(kind) else {
                throw .unknownKind(message.header.kindCode)
            }
            deliver(message, kind, from: peer, server)
        } catch {
            counters.malformedCount += 1
            if let refusal = Message.refusal(ofHeader: frames.first ?? [], error: error) { sendToPeer(peer, refusal) }
        }
    }

    private func deliver(_ message: Message, _ kind: MessageKind, from peer: PeerIdentity, _ server: ServerLink) {
        if !kind.isOneWay, !server.admit(message.content.byteCount, configuration) {
            counters.busyCount += 1
            let error = ErrorReply(.busy, message: "too many requests wait", retryAfter: .milliseconds(100))
            return sendToPeer(
                peer, Message(header: message.header.reply(.busy), content: error.contentWithinLimits()))
        }
        server.handler(InboundRequest(message, kind: kind, peer: peer, mailbox: mailbox))
    }

    /// Frames that were let go for the limits are known by their numbers alone.
    static func message(
        _ frames: [[UInt8]], _ received: ZMQSocket.Received, frameCount: Int
    ) throws(WireError) -> Message {
        // The version comes first: another one may have other limits, and its sender wants to know.
        _ = try MessageHeader(decoding: frames.first ?? [])
        guard frameCount <= WireLimits.frameCountMax else {
            throw .frameCount(found: frameCount, minimum: 2, maximum: WireLimits.frameCountMax)
        }
        guard frames.count == frameCount else {
            throw .messageTooLarge(messageBytes: received.byteCount, limitBytes: WireLimits.messageBytesMax)
        }
        return try Message(decodingFrames: frames)
    }

    /// Sends a reply or a notice to a peer of the bound socket, or counts it as dropped.
    func sendToPeer(_ peer: PeerIdentity, _ message: Message) {
        guard let server else {
            counters.droppedCount += 1
            return
        }
        switch server.socket.send([peer.bytes] + message.frames()) {
        case .sent:
            counters.sentMessageCount += 1
            counters.sentBytes += WireLimits.headerBytes + message.content.byteCount
        case .full, .unroutable:
            counters.droppedCount += 1
        }
    }
}
