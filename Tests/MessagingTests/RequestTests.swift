import NIOConcurrencyHelpers
import Testing
import WireProtocol

@testable import Messaging

@Suite("Requests", .timeLimit(.minutes(10))) struct RequestTests {
    @Test func `a request before the connection waits for it and is answered`() async throws {
        let server = try makeServer()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let reply = try await peer.request(GetRequest(collection: "jobs", id: 7), timeout: .seconds(120))
        #expect(reply == RecordReply(id: 7, seq: 7, recordJSON: Array("jobs".utf8)))
    }

    @Test(arguments: [1, 16, 64]) func `every request gets its own answer`(inFlight: Int) async throws {
        let server = try makeServer()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let requestCount = 4_000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<inFlight {
                group.addTask {
                    for number in stride(from: lane + 1, through: requestCount, by: inFlight) {
                        let request = GetRequest(collection: "lane-\(lane)", id: UInt64(number))
                        let reply = try await peer.request(request, timeout: .seconds(120))
                        #expect(reply.id == UInt64(number) && reply.recordJSON == Array("lane-\(lane)".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await eventually("both sides counted every message") {
            client.counters.receivedMessageCount == requestCount && server.hub.counters.sentMessageCount == requestCount
        }
        #expect(client.counters.malformedCount == 0 && client.counters.lateReplyCount == 0)
    }

    @Test func `a large message arrives whole`() async throws {
        let server = try makeServer { request in
            let floats = (0..<4_096 * 384).map { Float($0 % 251) }
            let ids = (1...4_096).map { UInt64($0) }
            request.reply(
                FeedPage(
                    headSeq: 5_000, scannedToSeq: 4_096, dimension: 384, ids: ids, seqs: ids,
                    kinds: .init(repeating: .upsert, count: 4_096), vectors: floats))
        }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let pull = PullRequest(collection: "jobs", afterSeq: 0, storeID: "s", generation: 1)
        let page = try await peer.request(pull, timeout: .seconds(120))
        #expect(page.rowCount == 4_096 && page.vectors.count == 4_096 * 384 && page.vectors.last == Float(1_572_863 % 251))
    }

    @Test func `an error reply is thrown with its status, message and advice`() async throws {
        let refusal = ErrorReply(
            .invalid, message: "no", retryAfter: .milliseconds(30), detailJSON: Array("[1]".utf8))
        let server = try makeServer { $0.fail(refusal) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        await #expect(throws: RequestError.refused(refusal)) {
            try await peer.request(StatusRequest(), timeout: .seconds(120))
        }
    }

    @Test func `a request that is not answered ends at its timeout, and its late answer is counted`() async throws {
        let held = Recorder<InboundRequest>()
        let server = try makeServer { held.record($0) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        await #expect(throws: RequestError.timedOut) {
            try await peer.request(GetRequest(collection: "jobs", id: 1), timeout: .milliseconds(200))
        }
        try await eventually("the request arrived") { held.values.count == 1 }
        #expect(held.values[0].deadline - held.values[0].receivedAt <= .milliseconds(200))
        held.values[0].reply(RecordReply(id: 1, seq: 1))
        try await eventually("the late answer was counted") { client.counters.lateReplyCount == 1 }
        #expect(client.counters.expiredCount == 1)
    }

    @Test func `a request that nobody listens for ends at its timeout`() async throws {
        let server = try makeServer()
        server.hub.shutdown()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        await #expect(throws: RequestError.timedOut) {
            try await peer.request(StatusRequest(), timeout: .milliseconds(200))
        }
    }

    @Test func `a cancelled task stops waiting`() async throws {
        let held = Recorder<InboundRequest>()
        let server = try makeServer { held.record($0) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let task = Task { try await peer.request(StatusRequest(), timeout: .seconds(100)) }
        try await eventually("the request arrived") { held.values.count == 1 }
        task.cancel()
        #expect(await task.result.mapError { $0 as? RequestError } == .failure(.cancelled))

        let cancelledBefore = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await peer.request(StatusRequest(), timeout: .seconds(100))
        }
        #expect(await cancelledBefore.result.mapError { $0 as? RequestError } == .failure(.cancelled))
        _ = held
    }

    @Test func `a request that the handler drops is answered with an internal error`() async throws {
        let server = try makeServer { _ in }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let error = await #expect(throws: RequestError.self) {
            try await peer.request(StatusRequest(), timeout: .seconds(120))
        }
        guard case .refused(let reply) = error else { throw try #require(error) }
        #expect(reply.status == .internalError)
    }

    @Test func `only the first answer counts`() async throws {
        let outcomes = Recorder<Bool>()
        let server = try makeServer { request in
            outcomes.record(request.reply(RecordReply(id: 1, seq: 1)))
            outcomes.record(request.reply(RecordReply(id: 2, seq: 2)))
        }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let reply = try await peer.request(GetRequest(collection: "jobs", id: 1), timeout: .seconds(120))
        #expect(reply.id == 1)
        try await eventually("both answers were tried") { outcomes.values == [true, false] }
        #expect(client.counters.lateReplyCount == 0)
    }

    @Test func `a kind that is not served is answered so`() async throws {
        let server = try makeServer(serving: [.search])
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let error = await #expect(throws: RequestError.self) {
            try await peer.request(StatusRequest(), timeout: .seconds(120))
        }
        guard case .refused(let reply) = error else { throw try #require(error) }
        #expect(reply.status == .unknownKind)
    }

    @Test func `a request over the size limits is refused before it is sent`() async throws {
        let server = try makeServer()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let put = PutRequest(collection: "jobs", recordJSON: .init(repeating: 0x20, count: 3 << 20))
        let error = await #expect(throws: RequestError.self) { try await peer.request(put, timeout: .seconds(1)) }
        guard case .unsendable(.bodyTooLarge(let bodyBytes, WireLimits.requestBodyBytesMax)) = error else {
            throw try #require(error)
        }
        #expect(bodyBytes > 3 << 20)
        #expect(client.counters.sentMessageCount == 0)
    }
}

extension Result where Failure == (any Error) {
    fileprivate func mapError<Other>(_ transform: (any Error) -> Other?) -> Outcome<Success, Other> {
        switch self {
        case .success(let value): .success(value)
        case .failure(let error): .failure(transform(error))
        }
    }
}

private enum Outcome<Value, Failure> {
    case success(Value)
    case failure(Failure?)
}

extension Outcome: Equatable where Value: Equatable, Failure: Equatable {}
