import NIOCore

/// What one connection may take of time and memory.
struct ConnectionLimits: Sendable {
    /// The request line and all header fields.
    var headBytesMax: Int
    var headerFieldCountMax = 128
    /// From the first byte of a head, or of a TLS handshake, to its end.
    var headTimeout: TimeAmount
    /// For a whole body; the time in which this side did not read is not counted.
    var bodyTimeout: TimeAmount
    /// A connection on which nothing is under way is closed after this.
    var idleTimeout: TimeAmount
    /// While a body comes in or an answer goes out, at least `stallTimeout` × `bytesPerSecondMin` have to pass within
    /// each stretch of this length.
    var stallTimeout: TimeAmount
    var bytesPerSecondMin: Int

    /// How long a connection is kept after its last answer for the client to read that. Closing with bytes unread makes
    /// the kernel reset the connection, and a reset can overtake the answer.
    var lingerTimeout = TimeAmount.seconds(2)
    /// How long after its last answer a connection is kept while the gateway stops: a request may be on its way on it.
    var drainTimeout = TimeAmount.seconds(2)

    init(_ settings: GatewaySettings) {
        headBytesMax = settings.headBytesMax
        headTimeout = TimeAmount(settings.headTimeout)
        bodyTimeout = TimeAmount(settings.bodyTimeout)
        idleTimeout = TimeAmount(settings.idleTimeout)
        stallTimeout = TimeAmount(settings.stallTimeout)
        bytesPerSecondMin = settings.bytesPerSecondMin
    }

    /// Bytes that have to pass in one stretch.
    var stallBytes: Int { Int(Double(bytesPerSecondMin) * Double(stallTimeout.nanoseconds) / 1e9) }
}
