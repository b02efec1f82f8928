/// What a message carries after its header: a protobuf body, which may be empty, and raw frames of numbers.
public struct MessageContent: Sendable, Hashable {
    public static let empty = MessageContent()

    public var bodyBytes: [UInt8]
    public var rawFrames: [[UInt8]]

    public init(bodyBytes: [UInt8] = [], rawFrames: [[UInt8]] = []) {
        self.bodyBytes = bodyBytes
        self.rawFrames = rawFrames
    }

    /// Body and raw frames together.
    public var byteCount: Int { rawFrames.reduce(bodyBytes.count) { $0 + $1.count } }

    /// Checks what the limits table says of a message's size, before it is sent or read.
    public func checkSize(isReply: Bool) throws(WireError) {
        let bodyLimit = isReply ? WireLimits.replyBodyBytesMax : WireLimits.requestBodyBytesMax
        guard bodyBytes.count <= bodyLimit else {
            throw .bodyTooLarge(bodyBytes: bodyBytes.count, limitBytes: bodyLimit)
        }
        let messageBytes = WireLimits.headerBytes + byteCount
        guard messageBytes <= WireLimits.messageBytesMax else {
            throw .messageTooLarge(messageBytes: messageBytes, limitBytes: WireLimits.messageBytesMax)
        }
        guard rawFrames.count + 2 <= WireLimits.frameCountMax else {
            throw .frameCount(found: rawFrames.count + 2, minimum: 2, maximum: WireLimits.frameCountMax)
        }
    }
}

/// One message of the protocol: the frames between two sockets, without the identity that a ROUTER adds.
public struct Message: Sendable, Hashable {
    public var header: MessageHeader
    public var content: MessageContent

    public init(header: MessageHeader, content: MessageContent = .empty) {
        self.header = header
        self.content = content
    }

    /// Reads a message's frames: header, body, raw frames.
    ///
    /// Checks everything that does not depend on the kind's body: sizes, magic, version, kind, and that request id and
    /// status fit the kind. An unknown kind is an error in a request, and none in a reply: an error reply may answer a
    /// kind that only the requester knows.
    public init(decodingFrames frames: [[UInt8]]) throws(WireError) {
        guard let first = frames.first else {
            throw .frameCount(found: 0, minimum: 2, maximum: WireLimits.frameCountMax)
        }
        let header = try MessageHeader(decoding: first)
        guard frames.count >= 2, frames.count <= WireLimits.frameCountMax else {
            throw .frameCount(found: frames.count, minimum: 2, maximum: WireLimits.frameCountMax)
        }
        if !header.isReply { try Self.checkRequest(header) }
        let content = MessageContent(bodyBytes: frames[1], rawFrames: Array(frames[2...]))
        try content.checkSize(isReply: header.isReply)
        self.init(header: header, content: content)
    }

    private static func checkRequest(_ header: MessageHeader) throws(WireError) {
        guard let kind = header.kind else { throw .unknownKind(header.kindCode) }
        guard header.statusCode == 0 else { throw .badHeaderField(.status) }
        guard (header.requestID == 0) == kind.isOneWay else { throw .badHeaderField(.requestID) }
    }

    /// The frames to send.
    public func frames() -> [[UInt8]] {
        [header.encoded(), content.bodyBytes] + content.rawFrames
    }

    /// The answer to frames that are no message, or `nil` where the protocol says not to answer: a reply is never
    /// answered, and neither is a one-way kind.
    ///
    /// - Parameter headerFrame: The first frame, as received; may be empty.
    public static func refusal(ofHeader headerFrame: [UInt8], error: WireError) -> Message? {
        var header = MessageHeader(kindCode: 0, isReply: true, requestID: 0)
        if let preamble = try? HeaderPreamble(decoding: headerFrame) {
            if preamble.isReply || MessageKind(rawValue: preamble.kindCode)?.isOneWay == true { return nil }
            header.kindCode = preamble.kindCode
            header.requestID = preamble.requestID
        }
        header.statusCode = error.status.rawValue
        return Message(header: header, content: ErrorReply(error).contentWithinLimits())
    }
}
