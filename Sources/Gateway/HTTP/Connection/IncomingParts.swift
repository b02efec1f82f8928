import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// What comes in on one connection, as requests and their bodies.
// `isInBody` is used by the connection's own task alone: a route reads its body before it returns, and the
// next head is asked for after that.
final class IncomingParts: @unchecked Sendable {
    private let stream: ConnectionStream
    private var isInBody = false

    init(_ stream: ConnectionStream) { self.stream = stream }

    /// The next request; passes over what the route left of the body before. `nil`: there are no more.
    func nextHead() async throws -> HTTPRequest? {
        while let part = try await stream.next() {
            switch part {
            case .head(let head):
                isInBody = true
                return head
            case .body: continue
            case .end: isInBody = false
            }
        }
        return nil
    }

    /// The body, where all of it has come with the head.
    func takeWholeBody() -> ByteBuffer? {
        guard let body = stream.takeWholeBody() else { return nil }
        isInBody = false
        return body
    }

    /// The next bytes of this request's body; `nil` at its end.
    func nextBytes() async throws -> ByteBuffer? {
        guard isInBody else { return nil }
        switch try await stream.next() {
        case .body(let buffer): return buffer
        case .end:
            isInBody = false
            return nil
        case .none:
            isInBody = false
            throw InterruptedRequest(fault: .cutOff)
        // The guard lets no head through before the end of the request before it.
        case .head: throw ConnectionFault.malformed("The request is no HTTP/1.1")
        }
    }
}

/// The body of one request.
struct IncomingBody: AsyncSequence, Sendable {
    let parts: IncomingParts

    struct AsyncIterator: AsyncIteratorProtocol {
        let parts: IncomingParts

        mutating func next() async throws -> ByteBuffer? { try await parts.nextBytes() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(parts: parts) }
}
