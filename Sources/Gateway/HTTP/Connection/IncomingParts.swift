import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// What comes in on one connection, as requests and their bodies.
// `parts` and `isInBody` are used by the connection's own task alone: a route reads its body before it returns, and the
// next head is asked for after that.
final class IncomingParts: @unchecked Sendable {
    private let parts: NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator
    private var isInBody = false

    init(_ inbound: NIOAsyncChannelInboundStream<HTTPRequestPart>) { parts = inbound.makeAsyncIterator() }

    /// The next request; passes over what the route left of the body before. `nil`: there are no more.
    func nextHead() async throws -> HTTPRequest? {
        // A copy continues where the original is: the stream keeps the place.
        var parts = parts
        while let part = try await parts.next() {
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

    /// The next bytes of this request's body; `nil` at its end.
    func nextBytes() async throws -> ByteBuffer? {
        guard isInBody else { return nil }
        var parts = parts
        switch try await parts.next() {
        case .body(let buffer): return buffer
        case .end, .none:
            isInBody = false
            return nil
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
