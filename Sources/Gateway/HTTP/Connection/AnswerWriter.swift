import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Sends an answer: as one piece where its length is known and it comes as one, else piece by piece.
struct AnswerWriter: ResponseBodyWriter {
    private let stream: ConnectionStream
    /// Parts that go out with what follows them.
    private var held: [HTTPResponsePart]
    private var remainingBytes: Int?

    static func write(_ response: Response, to stream: ConnectionStream) async throws {
        try await response.body.write(AnswerWriter(response, stream))
    }

    private init(_ response: Response, _ stream: ConnectionStream) {
        self.stream = stream
        held = [.head(response.head)]
        remainingBytes = response.body.contentLength
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        held.append(.body(buffer))
        remainingBytes? -= buffer.readableBytes
        // The end follows at once.
        if remainingBytes == 0 { return }
        try await send()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        held.append(.end(trailingHeaders))
        try await send()
    }

    private mutating func send() async throws {
        let parts = held
        held = []
        try await stream.write(parts)
    }
}
