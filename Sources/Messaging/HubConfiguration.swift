/// What a hub may take, and who may talk to it.
public struct HubConfiguration: Sendable {
    public enum Security: Sendable {
        /// Without keys; sockets are of this machine alone: loopback, `ipc` and `inproc`.
        case none
        /// Every bound socket speaks CURVE, and only the holders of these keys come in.
        case curve(keys: CurveKeyPair, allowedClients: Set<CurvePublicKey>)
    }

    /// The thread's name, at most 15 bytes.
    public var name: String
    public var security = Security.none
    /// Commands from other threads that may wait: requests and notices beyond it are `busy`.
    public var queuedCommandCountMax = 16_384
    public var queuedCommandBytesMax = 256 << 20
    /// Requests to one peer that may be without an answer.
    public var pendingRequestCountMax = 8_192
    /// Requests from peers that may be without an answer, of all of them: more are answered `busy` by the hub.
    public var inboundRequestCountMax = 4_096
    public var inboundBytesMax = 256 << 20
    /// Messages that may wait in ZeroMQ for one connection, in each direction.
    public var highWaterMark = 1_000
    /// A peer that does not answer ZeroMQ's own pings for three of these is disconnected. Answered by the peer's I/O
    /// thread, so it tells of a lost network or a stopped machine, not of a busy process.
    public var pingInterval = Duration.seconds(1)
    /// The wait before connecting again after a loss, and between the first attempts, which then come less often, down
    /// to one a second.
    public var reconnectInterval = Duration.milliseconds(50)
    /// How long `shutdown` and `close` wait at most for what is still to be sent.
    public var linger = Duration.milliseconds(500)

    public init(name: String = "kazi-hub") {
        self.name = name
    }
}
