import CZeroMQ
import RecordSchema
import Testing
import WireProtocol

@testable import Messaging

@Suite("Hostile messages", .timeLimit(.minutes(10))) struct HostileMessageTests {
    private let header = MessageHeader(kind: .get, requestID: 11, remainingMilliseconds: 1_000)

    private func answer(to frames: [[UInt8]]) throws -> Message {
        let server = try makeServer()
        let dealer = try RawSocket(ZMQ_DEALER)
        try dealer.connect(server.endpoint)
        try dealer.send(frames)
        let answer = try dealer.receiveMessage()
        #expect(answer.header.isReply)
        return answer
    }

    @Test func `frames that are no header are answered with request id 0`() throws {
        for frames in [[[]], [[1, 2, 3]], [[UInt8](repeating: 7, count: 40), []], [[UInt8]](repeating: [9], count: 30)] {
            let answer = try answer(to: frames)
            #expect(answer.header.requestID == 0 && answer.header.kindCode == 0 && answer.header.status == .malformed)
        }
    }

    @Test func `versions, kinds and frame counts are answered with the request's id`() throws {
        var version = header.encoded()
        version[4] = 2
        var kind = header.encoded()
        kind[5] = 99
        let cases: [([[UInt8]], WireStatus)] = [
            ([version, []], .unsupportedVersion), ([version] + .init(repeating: [], count: 20), .unsupportedVersion),
            ([kind, []], .unknownKind), ([header.encoded()], .malformed),
            ([header.encoded()] + .init(repeating: [], count: 8), .malformed),
            ([header.encoded(), .init(repeating: 0, count: WireLimits.requestBodyBytesMax + 1)], .bodyTooLarge),
            ([header.encoded(), []] + .init(repeating: .init(repeating: 0, count: 40 << 20), count: 2), .bodyTooLarge),
            ([header.encoded(), [0xFF]], .malformed), ([header.encoded(), []], .invalid),
        ]
        for (frames, status) in cases {
            let answer = try answer(to: frames)
            #expect(answer.header.status == status && answer.header.requestID == 11)
            #expect(try ErrorReply(answer).status == status)
        }
    }

    @Test func `replies and broken notices are not answered`() throws {
        let server = try makeServer()
        let dealer = try RawSocket(ZMQ_DEALER)
        try dealer.connect(server.endpoint)
        try dealer.send([header.reply().encoded(), []])
        try dealer.send([header.reply(.busy).encoded(), [0xFF]])
        try dealer.send([header.reply().encoded()])
        try dealer.send([MessageHeader(kind: .nudge, requestID: 4).encoded(), []])
        try dealer.send([MessageHeader(kind: .goodbye, requestID: 0).encoded()])
        // What comes first is the answer to what was sent last.
        try dealer.send(request(id: 5))
        #expect(try dealer.receiveMessage().header.requestID == 5)
        #expect(server.hub.counters.malformedCount == 5)
    }

    @Test func `a frame over the cap costs the sender its connection and the server nothing`() throws {
        let server = try makeServer()
        let dealer = try RawSocket(ZMQ_DEALER)
        try dealer.connect(server.endpoint)
        try dealer.send([header.encoded(), [], .init(repeating: 0, count: WireLimits.messageBytesMax + 1)])
        let other = try RawSocket(ZMQ_DEALER)
        try other.connect(server.endpoint)
        try other.send(request(id: 6))
        #expect(try other.receiveMessage().header.requestID == 6)
        #expect(server.hub.counters.receivedMessageCount == 1)
    }

    @Test func `100,000 changed messages leave a bound socket answering`() throws {
        let server = try makeServer()
        let dealer = try RawSocket(ZMQ_DEALER, highWaterMark: 100_000)
        try dealer.connect(server.endpoint)
        let seeds = try makeMessages()
        var random = SeededGenerator(seed: 2_026)
        for number in 0..<100_000 {
            try dealer.send(seeds[number % seeds.count].mutated(&random))
            while dealer.receive(milliseconds: 0) != nil {}
        }
        try dealer.send(request(id: 424_242))
        // Answers to the changed messages come before.
        while try dealer.receiveMessage().header.requestID != 424_242 {}
        #expect(server.hub.counters.receivedMessageCount == 100_001)
        #expect(server.hub.counters.malformedCount > 10_000)
    }

    @Test func `a server that answers nonsense ends the request it names and no other`() async throws {
        let router = try RawSocket(ZMQ_ROUTER)
        try router.bind("tcp://127.0.0.1:*")
        let client = try MessageHub()
        let peer = try client.connect(to: router.endpoint)
        let outcomes = Recorder<Result<RecordReply, RequestError>>()
        for id in 1...3 {
            peer.request(GetRequest(collection: "jobs", id: UInt64(id)), timeout: .seconds(1_000)) { outcomes.record($0) }
        }
        let requests = try (1...3).map { _ in try #require(router.receive()) }
        let headers = try requests.map { try MessageHeader(decoding: $0[1]) }
        let identity = requests[0][0]
        try router.send([identity, [1, 2, 3]])
        try router.send([identity, MessageHeader(kindCode: 0, isReply: true, statusCode: 1, requestID: 0).encoded(), []])
        try router.send([identity, MessageHeader(kind: .search, requestID: headers[0].requestID).reply().encoded(), []])
        try router.send([identity, headers[1].reply().encoded()])
        try router.send([identity, headers[2].reply().encoded(), [0xFF]])
        try await eventually("two ended") { outcomes.values.count == 2 }
        #expect(outcomes.values.contains(.failure(.malformedReply(.frameCount(found: 1, minimum: 2, maximum: 8)))))
        #expect(outcomes.values.contains(.failure(.malformedReply(.bodyUndecodable))))
        let reply = RecordReply(id: 1, seq: 2)
        try router.send([identity] + Message(header: headers[0].reply(), content: try reply.encoded()).frames())
        try await eventually("the first is answered") { outcomes.values.contains(.success(reply)) }
    }

    @Test func `50,000 changed replies leave a connected socket working`() async throws {
        let router = try RawSocket(ZMQ_ROUTER, highWaterMark: 1_000_000)
        try router.bind("tcp://127.0.0.1:*")
        let client = try MessageHub()
        let peer = try client.connect(to: router.endpoint)
        let outcomes = Recorder<Result<RecordReply, RequestError>>()
        peer.request(GetRequest(collection: "jobs", id: 1), timeout: .seconds(200)) { outcomes.record($0) }
        let first = try #require(router.receive())
        let header = try MessageHeader(decoding: first[1])
        let seeds = try makeMessages().map { frames in
            var frames = frames
            frames[0][5] |= 0x80
            return frames
        }
        var random = SeededGenerator(seed: 7)
        for number in 0..<50_000 {
            let frames = seeds[number % seeds.count].mutated(&random)
            // Not the one that is waited for: its answer comes last.
            if let preamble = try? HeaderPreamble(decoding: frames[0]), preamble.requestID == header.requestID { continue }
            try router.send([first[0]] + frames)
        }
        let reply = RecordReply(id: 1, seq: 9)
        try router.send([first[0]] + Message(header: header.reply(), content: try reply.encoded()).frames())
        try await eventually("it is answered") { outcomes.values == [.success(reply)] }
    }

    private func request(id: UInt64) throws -> [[UInt8]] {
        let header = MessageHeader(kind: .get, requestID: id)
        return try Message(header: header, content: GetRequest(collection: "jobs", id: 1).encoded()).frames()
    }

    private func makeMessages() throws -> [[[UInt8]]] {
        let filter = Filter.all([.exists(field: "a"), .not(.isIn(field: "b", [.string("c"), .number(1)]))])
        let contents: [(MessageKind, MessageContent)] = [
            (.get, try GetRequest(collection: "jobs", id: 1).encoded()),
            (.put, try PutRequest(collection: "jobs", recordJSON: Array("{}".utf8)).encoded()),
            (.search, try ShardSearchRequest(collection: "jobs", resultLimit: 3, filter: filter, vectors: [1, 2]).encoded()),
            (.announce, try Announcement(workerID: "w", bootEpoch: 1, searchEndpoint: "tcp://127.0.0.1:1", replicas: [
                Replica(collection: "jobs")]).encoded()),
            (.query, try QueryRequest(collection: "jobs", source: .text("x")).encoded()),
            (.status, try StatusRequest().encoded()),
        ]
        return contents.enumerated().map { index, content in
            Message(header: MessageHeader(kind: content.0, requestID: UInt64(index + 100)), content: content.1).frames()
        }
    }
}
