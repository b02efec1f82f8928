internal import Foundation
internal import SwiftProtobuf

/// The body of every reply whose status is not `ok`.
public struct ErrorReply: WireContent, Error {
    public var status: WireStatus
    /// One sentence for a person, at most 1,024 bytes of UTF-8: a longer one is cut at a character.
    public var message: String
    /// `nil`: no advice.
    public var retryAfter: Duration?
    /// For `invalid` and `conflict`: the list of validation errors as the HTTP API gives it under `detail`, UTF-8 JSON;
    /// else empty.
    public var detailJSON: [UInt8]

    public init(_ status: WireStatus, message: String, retryAfter: Duration? = nil, detailJSON: [UInt8] = []) {
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
        self.detailJSON = detailJSON
    }

    public init(_ error: WireError) {
        self.init(error.status, message: error.description)
    }

    /// The status is in the header: whoever has it sets it, and until then it is `internalError`.
    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoError.self)
        guard proto.detailJson.count <= WireLimits.errorDetailBytesMax else {
            throw .outOfRange(field: "detail_json")
        }
        self.init(
            .internalError, message: Self.cut(proto.message),
            retryAfter: proto.hasRetryAfterMs ? .milliseconds(Int64(proto.retryAfterMs)) : nil,
            detailJSON: [UInt8](proto.detailJson))
    }

    public func encoded() throws(WireError) -> MessageContent {
        try ProtobufBody.encode(proto(detail: detailJSON), isReply: true)
    }

    /// Like `encoded`, but an error must not fail for its size: a detail over its limit is left out.
    public func contentWithinLimits() -> MessageContent {
        let detail = detailJSON.count <= WireLimits.errorDetailBytesMax ? detailJSON : []
        // Within the limits there is nothing left that could fail; an empty body is an error without a message.
        return (try? ProtobufBody.encode(proto(detail: detail), isReply: true)) ?? .empty
    }

    private func proto(detail: [UInt8]) -> ProtoError {
        var proto = ProtoError()
        proto.message = Self.cut(message)
        if let retryAfter { proto.retryAfterMs = retryAfter.wireMilliseconds }
        proto.detailJson = Data(detail)
        return proto
    }

    private static func cut(_ message: String) -> String {
        guard message.utf8.count > WireLimits.errorMessageBytesMax else { return message }
        var cut = ""
        var byteCount = 0
        for character in message {
            byteCount += character.utf8.count
            guard byteCount <= WireLimits.errorMessageBytesMax else { break }
            cut.append(character)
        }
        return cut
    }
}
