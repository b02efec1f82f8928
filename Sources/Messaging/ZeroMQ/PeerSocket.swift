internal import CZeroMQ

/// A DEALER with the reports of its connection. Lives on the hub's thread.
///
/// It serves one connection and is closed when that is lost. A DEALER that were kept would send what is in its queue to
/// the next process at the endpoint, long after the requesters have given up; and with ZMQ_IMMEDIATE, which prevents that,
/// libzmq throws away answers that had arrived and were not read yet.
final class PeerSocket {
    let socket: ZMQSocket
    let monitor: ConnectionMonitor

    /// - Parameter id: Unlike that of every other one of the context.
    init(
        id: UInt64, target: PeerTarget, configuration: HubConfiguration, context: ZMQContext
    ) throws(MessagingError) {
        socket = try context.makeSocket(ZMQ_DEALER)
        try socket.configureClient(configuration, target.endpoint, keys: target.keys, serverKey: target.serverKey)
        monitor = try ConnectionMonitor(of: socket, id: id, context: context)
        let status = socket.connect(target.endpoint.text)
        guard status == 0 else { throw .cannotConnect(endpoint: target.endpoint.text, errno: status) }
    }

    deinit {
        // Ends the reports, so that closing the socket does not report itself.
        _ = socket.monitor(at: nil, events: 0)
    }

    /// What is still in the queue will not be sent.
    func discardQueue() {
        // The option exists and 0 is one of its values: it cannot fail.
        try? socket.set(ZMQ_LINGER, 0)
    }
}
