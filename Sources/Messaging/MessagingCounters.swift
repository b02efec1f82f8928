/// What went through a hub since it was made. Bytes are those of frames, without ZeroMQ's own.
public struct MessagingCounters: Sendable, Hashable {
    public var receivedMessageCount = 0
    public var receivedBytes = 0
    public var sentMessageCount = 0
    public var sentBytes = 0
    /// Messages that were not of the protocol: answered with an error where it says so.
    public var malformedCount = 0
    /// Requests refused by the hub itself with `busy`, and sends that found a queue full.
    public var busyCount = 0
    /// Replies and notices that could not be sent, because the peer had gone or its queue was full.
    public var droppedCount = 0
    /// Requests that ran into their timeout.
    public var expiredCount = 0
    /// Replies to requests that nobody waits for any more.
    public var lateReplyCount = 0
    /// Connections that were lost.
    public var disconnectionCount = 0
    /// CURVE handshakes refused for their key.
    public var refusedHandshakeCount = 0

    public init() {}
}
