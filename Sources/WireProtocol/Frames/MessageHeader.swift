/// The part of a header that means the same in every version, ever: what it takes to answer a message that this side
/// cannot read otherwise.
///
///     offset  size  field
///          0     4  magic, the bytes "KAZI"
///          4     1  version
///          5     1  kind; bit 7: reply
///          6     1  status; 0 in requests
///          7     1  flags; sent as 0, ignored
///          8     8  request id, little-endian
public struct HeaderPreamble: Sendable, Hashable {
    public static let magic: [UInt8] = [0x4B, 0x41, 0x5A, 0x49]
    static let replyBit: UInt8 = 0x80

    public var version: UInt8
    /// Without the reply bit.
    public var kindCode: UInt8
    public var isReply: Bool
    public var statusCode: UInt8
    public var requestID: UInt64

    public init(version: UInt8, kindCode: UInt8, isReply: Bool, statusCode: UInt8, requestID: UInt64) {
        self.version = version
        self.kindCode = kindCode & ~Self.replyBit
        self.isReply = isReply
        self.statusCode = statusCode
        self.requestID = requestID
    }

    /// Reads the first 16 bytes of a header of any version.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count >= WireLimits.preambleBytes else { throw .headerTruncated(availableBytes: bytes.count) }
        guard bytes[0..<4].elementsEqual(Self.magic) else { throw .badMagic }
        self.init(
            version: bytes[4], kindCode: bytes[5], isReply: bytes[5] & Self.replyBit != 0, statusCode: bytes[6],
            requestID: LittleEndian.read(bytes, at: 8))
    }
}

/// The first frame of a message in version 1: the preamble, then
///
///     offset  size  field
///         16    16  trace id
///         32     4  remaining time in milliseconds, little-endian; 0: none given
///         36     4  reserved; sent as 0, ignored
public struct MessageHeader: Sendable, Hashable {
    public static let version: UInt8 = 1

    /// `MessageKind.rawValue`, or what a peer of another release sent. 0 in a reply to bytes that were no header.
    public var kindCode: UInt8
    public var isReply: Bool
    /// `WireStatus.rawValue`, or what a peer of another release sent.
    public var statusCode: UInt8
    /// Chosen by the requester, not 0, and unlike that of every other request it still awaits on the connection; 0 in
    /// one-way messages.
    public var requestID: UInt64
    public var traceID: TraceID
    /// What is left of the requester's deadline as it sends; 0: none given. 0 in replies.
    public var remainingMilliseconds: UInt32

    public init(
        kindCode: UInt8, isReply: Bool = false, statusCode: UInt8 = 0, requestID: UInt64, traceID: TraceID = .none,
        remainingMilliseconds: UInt32 = 0
    ) {
        self.kindCode = kindCode & ~HeaderPreamble.replyBit
        self.isReply = isReply
        self.statusCode = statusCode
        self.requestID = requestID
        self.traceID = traceID
        self.remainingMilliseconds = remainingMilliseconds
    }

    public init(
        kind: MessageKind, requestID: UInt64, traceID: TraceID = .none, remainingMilliseconds: UInt32 = 0
    ) {
        self.init(
            kindCode: kind.rawValue, requestID: requestID, traceID: traceID,
            remainingMilliseconds: remainingMilliseconds)
    }

    /// `nil`: a kind of another release.
    public var kind: MessageKind? { MessageKind(rawValue: kindCode) }

    /// A status of another release counts as `internalError`.
    public var status: WireStatus { WireStatus(rawValue: statusCode) ?? .internalError }

    /// The header of the reply to this request.
    public func reply(_ status: WireStatus = .ok) -> MessageHeader {
        MessageHeader(
            kindCode: kindCode, isReply: true, statusCode: status.rawValue, requestID: requestID, traceID: traceID)
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        let preamble = try HeaderPreamble(decoding: bytes)
        guard preamble.version == Self.version else { throw .unsupportedVersion(preamble.version) }
        guard bytes.count == WireLimits.headerBytes else {
            throw .headerSize(foundBytes: bytes.count, expectedBytes: WireLimits.headerBytes)
        }
        self.init(
            kindCode: preamble.kindCode, isReply: preamble.isReply, statusCode: preamble.statusCode,
            requestID: preamble.requestID,
            traceID: TraceID(
                high: LittleEndian.read(bytes, at: 16, as: UInt64.self).byteSwapped,
                low: LittleEndian.read(bytes, at: 24, as: UInt64.self).byteSwapped),
            remainingMilliseconds: LittleEndian.read(bytes, at: 32))
    }

    /// The frame: `WireLimits.headerBytes` bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(WireLimits.headerBytes)
        bytes += HeaderPreamble.magic
        bytes.append(Self.version)
        bytes.append(isReply ? kindCode | HeaderPreamble.replyBit : kindCode)
        bytes.append(statusCode)
        bytes.append(0)
        LittleEndian.append(requestID, to: &bytes)
        LittleEndian.append(traceID.high.byteSwapped, to: &bytes)
        LittleEndian.append(traceID.low.byteSwapped, to: &bytes)
        LittleEndian.append(remainingMilliseconds, to: &bytes)
        LittleEndian.append(UInt32(0), to: &bytes)
        return bytes
    }
}

/// Integers in bytes, least significant first, at any alignment.
enum LittleEndian {
    static func read<Value: FixedWidthInteger & UnsignedInteger>(
        _ bytes: [UInt8], at offset: Int, as _: Value.Type = Value.self
    ) -> Value {
        var value: Value = 0
        for index in 0..<(Value.bitWidth / 8) { value |= Value(bytes[offset + index]) << Value(8 * index) }
        return value
    }

    static func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value, to bytes: inout [UInt8]) {
        for index in 0..<(Value.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Value(8 * index))) }
    }
}
