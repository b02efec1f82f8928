public import WireProtocol

/// Why a hub cannot be made, bound or connected.
public enum MessagingError: Error, Hashable {
    /// Not `tcp://host:port`, `ipc://path` or `inproc://name`, or of more bytes than the protocol allows.
    case badEndpoint(String)
    case addressInUse(String)
    /// The system refused: `errno` of the failed call.
    case cannotBind(endpoint: String, errno: Int32)
    case cannotConnect(endpoint: String, errno: Int32)
    /// An address other machines reach, without CURVE keys.
    case unprotectedEndpoint(String)
    case alreadyBound
    /// The hub was shut down.
    case closed
    /// ZeroMQ, the thread or the eventfd could not be made: out of memory, descriptors or sockets.
    case systemResources(errno: Int32)
    /// Not 40 characters of Z85.
    case badCurveKey
}

/// How a request ended that has no answer to give.
public enum RequestError: Error, Hashable {
    /// The peer answered with an error.
    case refused(ErrorReply)
    /// No answer within the timeout. It is unknown what was done.
    case timedOut
    /// The connection was lost, or there was none. It is unknown what was done.
    case disconnected
    /// A queue on this side is full. Nothing was sent.
    case busy
    /// The task that waited was cancelled.
    case cancelled
    /// The connection or the hub was closed on this side.
    case closed
    /// The request is over the size limits. Nothing was sent.
    case unsendable(WireError)
    /// The peer's answer is not what the protocol says.
    case malformedReply(WireError)
}
