import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Gateway

@Suite("What passes between a channel and the task that serves it") struct ConnectionStreamTests {
    /// Counts what gets through to the socket.
    private final class ReadCounter: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = HTTPResponsePart
        let count = NIOLockedValueBox(0)

        func read(context: ChannelHandlerContext) {
            count.withLockedValue { $0 += 1 }
            context.read()
        }
    }

    private let channel = NIOAsyncTestingChannel()
    private let stream: ConnectionStream
    private let reads = ReadCounter()
    private let head = HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/"))

    init() async throws {
        let stream = ConnectionStream(channel.testingEventLoop)
        self.stream = stream
        try await channel.pipeline.addHandlers([reads, stream])
        try await channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1))
    }

    private func body(_ text: String) -> HTTPRequestPart { .body(ByteBuffer(string: text)) }

    @Test func `parts come in order, and after them the end of the input`() async throws {
        for part in [head, body("a"), body("b"), .end(nil)] { try await channel.writeInbound(part) }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        await channel.testingEventLoop.run()
        for expected in [head, body("a"), body("b"), .end(nil)] { #expect(try await stream.next() == expected) }
        #expect(try await stream.next() == nil)
    }

    @Test func `a reader that waits gets the next part`() async throws {
        async let part = stream.next()
        try await channel.writeInbound(head)
        #expect(try await part == head)
    }

    @Test func `an error comes after the parts before it`() async throws {
        try await channel.writeInbound(head)
        channel.pipeline.fireErrorCaught(ConnectionFault.cutOff)
        await channel.testingEventLoop.run()
        #expect(try await stream.next() == head)
        await #expect(throws: ConnectionFault.self) { try await stream.next() }
    }

    @Test func `a body is taken whole when its end is here`() async throws {
        for part in [head, body("a")] { try await channel.writeInbound(part) }
        #expect(try await stream.next() == head)
        #expect(stream.takeWholeBody() == nil)
        try await channel.writeInbound(HTTPRequestPart.end(nil))
        #expect(stream.takeWholeBody() == ByteBuffer(string: "a"))
        for part in [head, .end(nil)] { try await channel.writeInbound(part) }
        #expect(try await stream.next() == head)
        #expect(stream.takeWholeBody() == ByteBuffer())
    }

    @Test func `nothing more is read while ten parts wait`() async throws {
        for _ in 0..<10 { try await channel.writeInbound(body("a")) }
        let before = reads.count.withLockedValue { $0 }
        channel.read()
        await channel.testingEventLoop.run()
        #expect(reads.count.withLockedValue { $0 } == before)
        for _ in 0..<8 { _ = try await stream.next() }
        await channel.testingEventLoop.run()
        #expect(reads.count.withLockedValue { $0 } == before + 1)
    }

    @Test func `an answer to a connection that is gone is an error`() async throws {
        try await stream.write([.head(HTTPResponse(status: .ok))])
        #expect(try await channel.readOutbound(as: HTTPResponsePart.self) == .head(HTTPResponse(status: .ok)))
        try await channel.close()
        await #expect(throws: ChannelError.ioOnClosedChannel) { try await stream.write([.end(nil)]) }
    }
}
