import CZeroMQ
import NIOConcurrencyHelpers
import Testing
import WireProtocol

@testable import Messaging

/// Waits for a condition; fails the test when it does not come true within the deadline.
///
/// The deadline is for what hangs: beside suites that compute on every core, a task may not run for half a minute.
func eventually(
    within limit: Duration = .seconds(120), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// What happened, in order, from any thread.
final class Recorder<Value: Sendable>: Sendable {
    private let box = NIOLockedValueBox<[Value]>([])
    var values: [Value] { box.withLockedValue { $0 } }
    func record(_ value: Value) { box.withLockedValue { $0.append(value) } }
}

/// A hub that answers GET with the id as the seq, and everything else with what the test says.
func makeServer(
    at endpoint: String = "tcp://127.0.0.1:*", configuration: HubConfiguration = HubConfiguration(name: "server"),
    serving kinds: Set<MessageKind> = Set(MessageKind.allCases),
    handler: @escaping @Sendable (InboundRequest) -> Void = echo
) throws -> (hub: MessageHub, endpoint: String) {
    let hub = try MessageHub(configuration)
    return (hub, try hub.bind(to: endpoint, serving: kinds, handler: handler))
}

@Sendable func echo(_ request: InboundRequest) {
    do throws(WireError) {
        let get = try request.decode(GetRequest.self)
        request.reply(RecordReply(id: get.id, seq: get.id, recordJSON: Array(get.collection.utf8)))
    } catch {
        request.fail(error)
    }
}

/// A bare ZeroMQ socket, to send what a hub never would, or to hold still. Used by one thread at a time.
final class RawSocket {
    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer
    private(set) var endpoint = ""

    init(_ type: CInt, highWaterMark: CInt = 1_000) throws {
        context = try #require(zmq_ctx_new())
        socket = try #require(zmq_socket(context, type))
        set(ZMQ_LINGER, 0)
        set(ZMQ_SNDHWM, highWaterMark)
        set(ZMQ_RCVHWM, highWaterMark)
    }

    deinit {
        zmq_close(socket)
        zmq_ctx_term(context)
    }

    func set(_ option: CInt, _ value: CInt) {
        var value = value
        zmq_setsockopt(socket, option, &value, MemoryLayout<CInt>.size)
    }

    func bind(_ endpoint: String) throws {
        try #require(zmq_bind(socket, endpoint) == 0)
        var text = [CChar](repeating: 0, count: 256)
        var count = text.count
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &count)
        self.endpoint = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func connect(_ endpoint: String) throws { try #require(zmq_connect(socket, endpoint) == 0) }

    /// Waits while the queue is full, at most 20 s.
    func send(_ frames: [[UInt8]]) throws {
        set(ZMQ_SNDTIMEO, 20_000)
        for (index, frame) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_SNDMORE : 0
            let status = frame.withUnsafeBytes { zmq_send(socket, $0.baseAddress, $0.count, flags) }
            try #require(status == frame.count)
        }
    }

    /// The next message, or `nil` when none came within the time.
    func receive(milliseconds: CInt = 20_000) -> [[UInt8]]? {
        set(ZMQ_RCVTIMEO, milliseconds)
        var frames: [[UInt8]] = []
        var message = zmq_msg_t()
        repeat {
            zmq_msg_init(&message)
            guard zmq_msg_recv(&message, socket, 0) >= 0 else { return nil }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
            frames.append([UInt8](bytes))
            if zmq_msg_more(&message) == 0 { break }
            zmq_msg_close(&message)
        } while true
        zmq_msg_close(&message)
        return frames
    }

    func receiveMessage(milliseconds: CInt = 20_000) throws -> Message {
        try Message(decodingFrames: try #require(receive(milliseconds: milliseconds)))
    }
}

extension ErrorReply {
    init(_ message: Message) throws {
        try self.init(decoding: message.content)
        status = message.header.status
    }
}
