internal import CZeroMQ
internal import WireProtocol

/// The connecting side: requests out, replies and notices in.
extension HubLoop {
    func connect(_ peerID: UInt64, _ target: PeerTarget) {
        do throws(MessagingError) {
            links[peerID] = PeerLink(id: peerID, target: target, connection: try makeConnection(target))
            needsNewPollItems = true
        } catch {
            target.onEvent(.failed(error))
        }
    }

    private func makeConnection(_ target: PeerTarget) throws(MessagingError) -> PeerSocket {
        try PeerSocket(id: mailbox.nextRequestID(), target: target, configuration: configuration, context: context)
    }

    /// Connects anew to the peers that were lost a while ago. Until libzmq reports success they stay disconnected.
    func reconnectDue() {
        while let peerID = reconnections.popDue(.now) {
            guard let link = links[peerID], link.connection == nil else { continue }
            do throws(MessagingError) {
                link.connection = try makeConnection(link.target)
                needsNewPollItems = true
            } catch {
                // Out of descriptors, most likely: a passing state, but not one to hurry in.
                reconnections.insert(peerID, at: .now + .seconds(1))
            }
        }
    }

    func disconnect(_ peerID: UInt64) {
        guard let link = links.removeValue(forKey: peerID) else { return }
        needsNewPollItems = true
        failAll(of: link, .closed)
    }

    // MARK: Connection reports

    func readMonitors() {
        for link in links.values { readMonitor(of: link) }
    }

    private func readMonitor(of link: PeerLink) {
        while let report = link.connection?.monitor.next() { handle(report, of: link) }
    }

    private func handle(_ report: ConnectionMonitor.Report, of link: PeerLink) {
        switch report {
        case .connected:
            link.state = .connected
            link.connection?.socket.refresh()
            link.target.onEvent(.connected)
            sendWaiting(of: link)
        case .disconnected:
            guard link.state == .connected else { return }
            link.state = .disconnected
            counters.disconnectionCount += 1
            // Answers that arrived before the loss still count.
            while readOne(link) {}
            link.connection?.discardQueue()
            link.connection = nil
            needsNewPollItems = true
            reconnections.insert(link.id, at: .now + configuration.reconnectInterval)
            failAll(of: link, .disconnected)
            link.target.onEvent(.disconnected)
        case .handshakeFailed:
            link.target.onEvent(.handshakeFailed)
        }
    }

    private func sendWaiting(of link: PeerLink) {
        let waitingIDs = link.waitingIDs
        link.waitingIDs = []
        for requestID in waitingIDs {
            if let request = link.pending[requestID] { transmit(request, link) }
        }
    }

    // MARK: Requests

    func start(_ request: OutboundRequest, _ peerID: UInt64) {
        guard let link = links[peerID] else { return request.completion(.failure(.closed)) }
        guard request.deadline > .now else {
            counters.expiredCount += 1
            return request.completion(.failure(.timedOut))
        }
        guard link.state != .disconnected else { return request.completion(.failure(.disconnected)) }
        guard link.pending.count < configuration.pendingRequestCountMax else {
            counters.busyCount += 1
            return request.completion(.failure(.busy))
        }
        link.pending[request.requestID] = request
        pendingRequestCount += 1
        deadlines.insert((peerID, request.requestID), at: request.deadline)
        if link.state == .connecting {
            link.waitingIDs.append(request.requestID)
        } else {
            transmit(request, link)
        }
    }

    private func transmit(_ request: OutboundRequest, _ link: PeerLink) {
        let (outcome, bytes) = link.transmit(request, now: .now)
        switch outcome {
        case .sent:
            counters.sentMessageCount += 1
            counters.sentBytes += bytes
        case .full, .unroutable:
            // The queue may be full because the connection is lost: then the report has ended this request already.
            readMonitor(of: link)
            guard link.pending[request.requestID] != nil else { return }
            counters.busyCount += 1
            finish(link.id, request.requestID, .failure(.busy))
        }
    }

    func sendNotice(_ message: Message, _ peerID: UInt64) {
        guard let link = links[peerID], case .sent = link.send(message.frames()) else {
            counters.droppedCount += 1
            return
        }
        counters.sentMessageCount += 1
        counters.sentBytes += WireLimits.headerBytes + message.content.byteCount
    }

    /// Completes a request, if it still waits.
    func finish(_ peerID: UInt64, _ requestID: UInt64, _ result: RequestResult) {
        guard let request = links[peerID]?.pending.removeValue(forKey: requestID) else { return }
        pendingRequestCount -= 1
        request.completion(result)
    }

    /// The requests are taken out first: a completion that sends again meets an empty table.
    private func failAll(of link: PeerLink, _ error: RequestError) {
        let pending = link.pending
        link.pending = [:]
        link.waitingIDs = []
        pendingRequestCount -= pending.count
        for request in pending.values { request.completion(.failure(error)) }
    }

    func expireRequests() {
        let now = ContinuousClock.now
        while let (peerID, requestID) = deadlines.popDue(now) {
            guard links[peerID]?.pending[requestID] != nil else { continue }
            counters.expiredCount += 1
            finish(peerID, requestID, .failure(.timedOut))
        }
        deadlines.compact(wantedCount: pendingRequestCount) { links[$0.peerID]?.pending[$0.requestID] != nil }
    }

    // MARK: Replies

    func readPeers() {
        for link in links.values {
            for _ in 0..<Self.messagesPerTurn {
                guard readOne(link) else { break }
            }
        }
    }

    /// - Returns: False when there was nothing to read.
    private func readOne(_ link: PeerLink) -> Bool {
        guard
            let received = link.connection?.socket.receive(
                frameCountMax: WireLimits.frameCountMax, bytesMax: WireLimits.messageBytesMax)
        else { return false }
        counters.receivedMessageCount += 1
        counters.receivedBytes += received.byteCount
        do throws(WireError) {
            accept(try Self.message(received.frames, received, frameCount: received.frameCount), link)
        } catch {
            refuse(received.frames.first ?? [], error, link)
        }
        return true
    }

    private func accept(_ message: Message, _ link: PeerLink) {
        let header = message.header
        guard header.isReply else {
            if let kind = header.kind, kind.isOneWay {
                link.target.onNotice(InboundNotice(kind: kind, content: message.content, traceID: header.traceID))
            } else {
                refuse(header.encoded(), .unknownKind(header.kindCode), link)
            }
            return
        }
        guard let request = link.pending[header.requestID], request.kind.rawValue == header.kindCode else {
            // A reply to bytes that the peer could not read has id 0; every other one is late, or twice.
            if header.requestID == 0 { counters.malformedCount += 1 } else { counters.lateReplyCount += 1 }
            return
        }
        finish(link.id, header.requestID, Self.result(of: message))
    }

    private static func result(of message: Message) -> RequestResult {
        let status = message.header.status
        if status == .ok { return .success(message.content) }
        do throws(WireError) {
            var error = try ErrorReply(decoding: message.content)
            error.status = status
            return .failure(.refused(error))
        } catch {
            // That it failed is certain; only why is lost.
            return .failure(.refused(ErrorReply(status, message: "the peer gave no readable reason")))
        }
    }

    /// What is no message ends the request it names, if it names one; a request from the bound side is answered.
    private func refuse(_ header: [UInt8], _ error: WireError, _ link: PeerLink) {
        counters.malformedCount += 1
        guard let preamble = try? HeaderPreamble(decoding: header) else { return }
        if preamble.isReply {
            finish(link.id, preamble.requestID, .failure(.malformedReply(error)))
        } else if let refusal = Message.refusal(ofHeader: header, error: error) {
            _ = link.send(refusal.frames())
        }
    }
}
