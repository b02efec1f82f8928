internal import CZeroMQ
internal import WireProtocol

/// What the hub's thread does: it polls, and gives each thing that happened to its handler. Made, used and released on
/// that thread; not `Sendable`.
///
/// A turn has a fixed order. Connection reports come before commands, so that a request is not sent to a peer known to
/// be gone; commands before messages, so that answers are not late for the sake of new requests.
@safe final class HubLoop {
    /// Messages taken from one socket in a turn, so that a busy peer does not starve the others.
    static let messagesPerTurn = 256

    let context: ZMQContext
    let mailbox: HubMailbox
    let configuration: HubConfiguration
    var counters = MessagingCounters()
    var server: ServerLink?
    var links: [UInt64: PeerLink] = [:]
    /// Timeouts of requests: peer and request id.
    var deadlines = DeadlineHeap<(peerID: UInt64, requestID: UInt64)>()
    var pendingRequestCount = 0
    var timers = TimerTable()
    /// Peers to connect to anew.
    var reconnections = DeadlineHeap<UInt64>()

    /// In the order of `pollItems`, after the wake signal: rebuilt when sockets come or go.
    private var pollItems: [zmq_pollitem_t] = unsafe []
    var needsNewPollItems = true

    init(context: ZMQContext, mailbox: HubMailbox, configuration: HubConfiguration) {
        self.context = context
        self.mailbox = mailbox
        self.configuration = configuration
    }

    func run() {
        while true {
            poll()
            readMonitors()
            mailbox.wakeSignal.clear()
            let (commands, isClosed) = mailbox.takeAll()
            for command in commands { handle(command) }
            if isClosed { break }
            readServer()
            readPeers()
            expireRequests()
            reconnectDue()
            timers.fireDue(.now)
            mailbox.publish(counters)
        }
        endEverything()
    }

    private func poll() {
        if needsNewPollItems { makePollItems() }
        let timeout = timeoutMilliseconds()
        // A signal that interrupts the poll only makes a turn with nothing to do.
        _ = unsafe pollItems.withUnsafeMutableBufferPointer { items in
            unsafe zmq_poll(items.baseAddress, CInt(items.count), timeout)
        }
    }

    private func timeoutMilliseconds() -> Int {
        let due = [deadlines.earliest, timers.earliest, reconnections.earliest].compactMap { $0 }.min()
        guard let due else { return -1 }
        return Int((due - .now).wireMilliseconds)
    }

    private func makePollItems() {
        needsNewPollItems = false
        unsafe pollItems = [
            zmq_pollitem_t(
                socket: nil, fd: mailbox.wakeSignal.descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
        ]
        if let server {
            unsafe pollItems.append(server.socket.pollItem())
            unsafe server.appendAccessPollItem(to: &pollItems)
        }
        for link in links.values {
            guard let connection = link.connection else { continue }
            unsafe pollItems.append(connection.socket.pollItem())
            unsafe pollItems.append(connection.monitor.socket.pollItem())
        }
    }

    private func handle(_ command: HubCommand) {
        switch command {
        case .bind(let endpoint, let kinds, let handler, let done):
            done(bind(endpoint, kinds, handler))
        case .connect(let peerID, let target): connect(peerID, target)
        case .disconnect(let peerID): disconnect(peerID)
        case .request(let peerID, let request): start(request, peerID)
        case .cancel(let peerID, let requestID): finish(peerID, requestID, .failure(.cancelled))
        case .notice(let peerID, let message): sendNotice(message, peerID)
        case .routedNotice(let peer, let message): sendToPeer(peer, message)
        case .reply(let peer, let message, let releasedBytes):
            server?.release(releasedBytes)
            sendToPeer(peer, message)
        case .addTimer(let id, let interval, let action): timers.add(id, interval, action, now: .now)
        case .removeTimer(let id): timers.remove(id)
        }
    }

    /// After the last command: nobody is left waiting, and sockets close with their linger.
    private func endEverything() {
        for id in Array(links.keys) { disconnect(id) }
        server = nil
        timers = TimerTable()
        mailbox.publish(counters)
    }
}
