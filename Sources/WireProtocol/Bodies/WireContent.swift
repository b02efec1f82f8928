internal import SwiftProtobuf

/// A value that travels as the content of a message.
///
/// Decoding is total: any bytes give a value within the limits table or an error. Encoding fails only where the value
/// is over the size limits.
public protocol WireContent: Sendable, Hashable {
    init(decoding content: MessageContent) throws(WireError)
    func encoded() throws(WireError) -> MessageContent
}

/// A message that is answered.
public protocol WireRequest: WireContent {
    associatedtype Reply: WireContent
    static var kind: MessageKind { get }
}

/// A message that is not answered.
public protocol WireNotice: WireContent {
    static var kind: MessageKind { get }
}

enum ProtobufBody {
    /// Deeper than the deepest filter, which takes two levels of messages for each of its own.
    private static let options = {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 100
        options.discardUnknownFields = true
        return options
    }()

    static func decode<Body: SwiftProtobuf.Message>(
        _ content: MessageContent, as _: Body.Type = Body.self, rawFrameCount: Int = 0
    ) throws(WireError) -> Body {
        guard content.rawFrames.count == rawFrameCount else {
            throw .rawFrameCount(found: content.rawFrames.count, expected: rawFrameCount)
        }
        do {
            return try Body(serializedBytes: content.bodyBytes, options: options)
        } catch {
            throw .bodyUndecodable
        }
    }

    /// - Parameter isReply: Which of the two size limits holds.
    static func encode(
        _ body: some SwiftProtobuf.Message, rawFrames: [[UInt8]] = [], isReply: Bool
    ) throws(WireError) -> MessageContent {
        let bytes: [UInt8]
        do {
            bytes = try body.serializedBytes()
        } catch {
            // None of the schema's messages has required or Any fields: what is left is protobuf's own limit, 2 GiB.
            throw .bodyTooLarge(bodyBytes: Int(Int32.max), limitBytes: WireLimits.replyBodyBytesMax)
        }
        let content = MessageContent(bodyBytes: bytes, rawFrames: rawFrames)
        try content.checkSize(isReply: isReply)
        return content
    }
}

/// Checks of decoded values against the limits table.
enum Checked {
    static func text(_ value: String, _ range: ClosedRange<Int>, _ field: String) throws(WireError) -> String {
        guard range.contains(value.utf8.count) else {
            throw value.isEmpty ? .missing(field: field) : .outOfRange(field: field)
        }
        return value
    }

    static func text(_ value: String, max: Int, _ field: String) throws(WireError) -> String {
        guard value.utf8.count <= max else { throw .outOfRange(field: field) }
        return value
    }

    static func collection(_ name: String) throws(WireError) -> String {
        try text(name, WireLimits.collectionNameBytesRange, "collection")
    }

    static func count(_ value: UInt32, _ range: ClosedRange<Int>, _ field: String) throws(WireError) -> Int {
        guard range.contains(Int(value)) else { throw .outOfRange(field: field) }
        return Int(value)
    }

    /// A sequence number: 0...2^63 - 1.
    static func seq(_ value: UInt64, _ field: String) throws(WireError) -> UInt64 {
        guard value <= WireLimits.storedIntegerMax else { throw .outOfRange(field: field) }
        return value
    }

    /// A record's id: 1...2^63 - 1.
    static func recordID(_ value: UInt64) throws(WireError) -> UInt64 {
        guard value != 0 else { throw .missing(field: "id") }
        guard value <= WireLimits.storedIntegerMax else { throw .outOfRange(field: "id") }
        return value
    }

    static func elements<Element>(_ values: [Element], max: Int, _ field: String) throws(WireError) {
        guard values.count <= max else { throw .outOfRange(field: field) }
    }
}
