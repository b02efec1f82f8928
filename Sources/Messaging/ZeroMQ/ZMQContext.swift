internal import CZeroMQ
internal import WireProtocol

/// A ZeroMQ context: one I/O thread, and the name space of `inproc` endpoints, which ZAP and socket monitors use.
///
/// libzmq's contexts may be used by every thread at once; the pointer is written in `init` alone.
@safe final class ZMQContext: Sendable {
    private nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    init() throws(MessagingError) {
        guard let handle = unsafe zmq_ctx_new() else { throw .systemResources(errno: zmq_errno()) }
        unsafe self.handle = unsafe handle
        // Descriptors are for the system to limit: libzmq's own limit of 1,023 sockets is no part of the protocol.
        unsafe zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, unsafe zmq_ctx_get(handle, ZMQ_SOCKET_LIMIT))
    }

    func makeSocket(_ type: CInt) throws(MessagingError) -> ZMQSocket {
        guard let socket = unsafe zmq_socket(handle, type) else { throw .systemResources(errno: zmq_errno()) }
        return unsafe ZMQSocket(adopting: socket)
    }

    /// Ends the context after its last socket was closed; waits for their linger. Called once, at the thread's end: a
    /// context that was never terminated is freed here too, since only that thread could have made sockets.
    func terminate() {
        while unsafe zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }
}
