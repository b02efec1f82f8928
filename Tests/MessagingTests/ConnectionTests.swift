import CZeroMQ
import NIOConcurrencyHelpers
import Testing
import WireProtocol

@testable import Messaging

@Suite("Connections", .timeLimit(.minutes(10))) struct ConnectionTests {
    @Test func `requests in flight fail at once when the peer goes, not at their timeout`() async throws {
        let held = Recorder<InboundRequest>()
        let events = Recorder<PeerEvent>()
        // A socket that is closed without a goodbye is what a killed process leaves.
        var server: RawSocket? = try RawSocket(ZMQ_ROUTER)
        try server?.bind("tcp://127.0.0.1:*")
        let client = try MessageHub()
        let peer = try client.connect(to: try #require(server).endpoint, onEvent: events.record)
        let outcomes = Recorder<RequestError>()
        for _ in 0..<100 {
            peer.request(StatusRequest(), timeout: .seconds(1_000)) { result in
                if case .failure(let error) = result { outcomes.record(error) }
            }
        }
        #expect(server?.receive() != nil)
        server = nil
        try await eventually("all have failed") { outcomes.values.count == 100 }
        #expect(outcomes.values.allSatisfy { $0 == .disconnected })
        #expect(events.values == [.connected, .disconnected])
        await #expect(throws: RequestError.disconnected) {
            try await peer.request(StatusRequest(), timeout: .seconds(1_000))
        }
        _ = held
    }

    @Test func `a peer that starts again at the same port is found again`() async throws {
        let events = Recorder<PeerEvent>()
        let client = try MessageHub()
        var server = try makeServer()
        let peer = try client.connect(to: server.endpoint, onEvent: events.record)
        for round in 1...5 {
            try await eventually("connected, round \(round)") {
                events.values.count { $0 == .connected } == round
            }
            let reply = try await peer.request(GetRequest(collection: "jobs", id: 3), timeout: .seconds(120))
            #expect(reply.seq == 3)
            server.hub.shutdown()
            try await eventually("disconnected, round \(round)") {
                events.values.count { $0 == .disconnected } == round
            }
            server = try makeServer(at: server.endpoint)
        }
        #expect(client.counters.disconnectionCount == 5)
    }

    @Test func `a peer that reads nothing makes requests busy, and never blocks the hub`() async throws {
        let server = try RawSocket(ZMQ_ROUTER, highWaterMark: 1)
        try server.bind("tcp://127.0.0.1:*")
        var configuration = HubConfiguration()
        configuration.highWaterMark = 2
        configuration.pendingRequestCountMax = 100_000
        let client = try MessageHub(configuration)
        let peer = try client.connect(to: server.endpoint)
        let busy = Recorder<RequestError>()
        let content = MessageContent(rawFrames: [.init(repeating: 1, count: 1 << 20)])
        for _ in 0..<200 {
            peer.request(kind: .search, content, timeout: .seconds(1_000)) { result in
                if case .failure(let error) = result, error == .busy { busy.record(error) }
            }
        }
        try await eventually("some were refused") { !busy.values.isEmpty }
        let beats = Recorder<Void>()
        let timer = client.every(.milliseconds(5)) { beats.record(()) }
        try await eventually("the hub still turns") { beats.values.count > 3 }
        timer.cancel()
    }

    @Test func `requests without an answer are bounded for each peer`() async throws {
        let held = Recorder<InboundRequest>()
        let server = try makeServer { held.record($0) }
        var configuration = HubConfiguration()
        configuration.pendingRequestCountMax = 10
        let client = try MessageHub(configuration)
        let peer = try client.connect(to: server.endpoint)
        let busy = Recorder<RequestError>()
        for _ in 0..<25 {
            peer.request(StatusRequest(), timeout: .seconds(1_000)) { result in
                if case .failure(let error) = result, error == .busy { busy.record(error) }
            }
        }
        try await eventually("those over the limit were refused") { busy.values.count == 15 }
        #expect(client.counters.busyCount == 15)
    }

    @Test func `a server with too much unanswered work says busy and when to come again`() async throws {
        let held = Recorder<InboundRequest>()
        var configuration = HubConfiguration()
        configuration.inboundRequestCountMax = 4
        let server = try makeServer(configuration: configuration) { held.record($0) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let refusals = Recorder<ErrorReply>()
        let answers = Recorder<RecordReply>()
        for id in 1...6 {
            peer.request(GetRequest(collection: "jobs", id: UInt64(id)), timeout: .seconds(1_000)) { result in
                switch result {
                case .success(let reply): answers.record(reply)
                case .failure(.refused(let error)): refusals.record(error)
                case .failure: break
                }
            }
        }
        try await eventually("two were refused") { refusals.values.count == 2 }
        #expect(refusals.values.allSatisfy { $0.status == .busy && $0.retryAfter == .milliseconds(100) })
        for request in held.values { echo(request) }
        try await eventually("four were answered") { answers.values.count == 4 }
        // What was answered has made room.
        peer.request(GetRequest(collection: "jobs", id: 9), timeout: .seconds(1_000)) { _ in }
        try await eventually("one more came in") { held.values.count == 5 }
    }

    @Test func `a notice reaches the peer that announced itself, and one to a peer that has gone is counted`() async throws {
        let peers = Recorder<PeerIdentity>()
        let server = try makeServer { request in
            peers.record(request.peer)
            echo(request)
        }
        let notices = Recorder<InboundNotice>()
        let client = try MessageHub()
        var peer: PeerConnection? = try client.connect(to: server.endpoint, onNotice: notices.record)
        _ = try await peer?.request(GetRequest(collection: "jobs", id: 1), timeout: .seconds(120))
        let identity = try #require(peers.values.first)
        try server.hub.send(Nudge(collection: "jobs", headSeq: 12), to: identity)
        try await eventually("the notice came") { notices.values.count == 1 }
        #expect(try Nudge(decoding: notices.values[0].content) == Nudge(collection: "jobs", headSeq: 12))
        peer = nil
        try await eventually("a notice was dropped") {
            try? server.hub.send(Nudge(collection: "jobs", headSeq: 13), to: identity)
            return server.hub.counters.droppedCount > 0
        }
    }

    @Test func `a notice to the bound side is delivered and not answered`() async throws {
        let arrived = Recorder<MessageKind>()
        let server = try makeServer { arrived.record($0.kind) }
        let connected = Recorder<PeerEvent>()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint, onEvent: connected.record)
        try await eventually("connected") { !connected.values.isEmpty }
        try peer.send(Goodbye(workerID: "w", bootEpoch: 1, isFinal: true))
        try await eventually("the notice came") { arrived.values == [.goodbye] }
        #expect(server.hub.counters.sentMessageCount == 0)
    }

    @Test func `a port in use, a bad endpoint, a second bind and an open address are errors`() throws {
        let server = try makeServer()
        let other = try MessageHub()
        #expect(throws: MessagingError.addressInUse(server.endpoint)) {
            try other.bind(to: server.endpoint, serving: []) { _ in }
        }
        #expect(throws: MessagingError.alreadyBound) {
            try server.hub.bind(to: "tcp://127.0.0.1:*", serving: []) { _ in }
        }
        #expect(throws: MessagingError.unprotectedEndpoint("tcp://0.0.0.0:*")) {
            try other.bind(to: "tcp://0.0.0.0:*", serving: []) { _ in }
        }
        #expect(throws: MessagingError.unprotectedEndpoint("tcp://example.org:7411")) {
            try other.connect(to: "tcp://example.org:7411")
        }
        for text in ["", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536",
            "tcp://127.0.0.1:80;127.0.0.1:81", "tcp://:80", "tcp://*:80", "udp://127.0.0.1:80", "tcp:/127.0.0.1:80",
            "ipc://", "tcp://a b:1", "tcp://[::1:80", "tcp://127.0.0.1:+80", "tcp://\u{0}:80"]
        {
            #expect(throws: MessagingError.badEndpoint(text)) { try other.connect(to: text) }
        }
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:80", true), ("tcp://127.1.2.3:80", true), ("tcp://localhost:80", true), ("tcp://[::1]:80", true),
        ("ipc:///tmp/x", true), ("inproc://x", true), ("tcp://127.0.0.1.example.org:80", false),
        ("tcp://10.0.0.1:80", false), ("tcp://127.example.org.x:80", false), ("tcp://[::2]:80", false),
    ])
    func `knows which endpoints stay on this machine`(text: String, isLocal: Bool) throws {
        #expect(try Endpoint(text, isBinding: false).isLocal == isLocal)
    }

    @Test func `timers beat until they are cancelled or released`() async throws {
        let hub = try MessageHub()
        let beats = Recorder<Int>()
        let first = hub.every(.milliseconds(1)) { beats.record(1) }
        var second: HubTimer? = hub.every(.milliseconds(1)) { beats.record(2) }
        try await eventually("both beat") { Set(beats.values) == [1, 2] }
        first.cancel()
        second = nil
        _ = second
        // A later timer that has beaten shows that the commands before it were handled.
        let third = hub.every(.milliseconds(1)) { beats.record(3) }
        try await eventually("the third beats") { beats.values.last == 3 }
        let count = beats.values.count { $0 != 3 }
        try await eventually("the third goes on") { beats.values.count { $0 == 3 } > 10 }
        #expect(beats.values.count { $0 != 3 } == count)
        third.cancel()
    }
}
