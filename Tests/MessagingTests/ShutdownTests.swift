import Testing
import WireProtocol

@testable import Messaging

@Suite("Shutdown", .timeLimit(.minutes(10))) struct ShutdownTests {
    @Test func `completes everything, twice and from several threads`() async throws {
        let held = Recorder<InboundRequest>()
        let server = try makeServer { held.record($0) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let outcomes = Recorder<RequestError>()
        for _ in 0..<500 {
            peer.request(StatusRequest(), timeout: .seconds(1_000)) { result in
                if case .failure(let error) = result { outcomes.record(error) }
            }
        }
        try await eventually("they arrived") { held.values.count == 500 }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { client.shutdown() } }
        }
        client.shutdown()
        #expect(outcomes.values == .init(repeating: .closed, count: 500))
        await #expect(throws: RequestError.closed) { try await peer.request(StatusRequest(), timeout: .seconds(1)) }
        #expect(throws: MessagingError.closed) { try client.connect(to: server.endpoint) }
        #expect(throws: MessagingError.closed) { try client.bind(to: "tcp://127.0.0.1:*", serving: []) { _ in } }
        #expect(throws: RequestError.closed) { try peer.send(Nudge(collection: "jobs", headSeq: 1)) }
    }

    @Test func `under load leaves no request without an end`() async throws {
        for round in 0..<10 {
            let server = try makeServer()
            let client = try MessageHub()
            let peer = try client.connect(to: server.endpoint)
            let outcomes = Recorder<Bool>()
            async let load: Void = withTaskGroup(of: Void.self) { group in
                for lane in 0..<16 {
                    group.addTask {
                        for number in 1...100 {
                            let request = GetRequest(collection: "jobs", id: UInt64(lane * 100 + number))
                            let reply = try? await peer.request(request, timeout: .seconds(1_000))
                            outcomes.record(reply != nil)
                        }
                    }
                }
            }
            try await eventually("some were answered") { outcomes.values.count > 10 * round }
            if round.isMultiple(of: 2) { client.shutdown() } else { server.hub.shutdown() }
            if !round.isMultiple(of: 2) { peer.close() }
            await load
            #expect(outcomes.values.count == 1_600)
        }
    }

    @Test func `answers that were given before it still reach the peer`() async throws {
        let held = Recorder<InboundRequest>()
        var configuration = HubConfiguration()
        // Longer than any pause of a busy machine: the answer is to be sent however long that takes.
        configuration.linger = .seconds(30)
        let server = try makeServer(configuration: configuration) { held.record($0) }
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        async let reply = peer.request(GetRequest(collection: "jobs", id: 5), timeout: .seconds(120))
        try await eventually("the request arrived") { held.values.count == 1 }
        echo(held.values[0])
        server.hub.shutdown()
        #expect(try await reply.id == 5)
    }

    @Test func `from a completion on the hub's own thread does not wait for itself`() async throws {
        let server = try makeServer()
        let client = try MessageHub()
        let peer = try client.connect(to: server.endpoint)
        let outcomes = Recorder<Bool>()
        peer.request(GetRequest(collection: "jobs", id: 5), timeout: .seconds(120)) { result in
            client.shutdown()
            outcomes.record((try? result.get()) != nil)
        }
        try await eventually("the completion ran") { outcomes.values == [true] }
        client.shutdown()
    }

    @Test func `a hub that is released ends its thread and its connections`() async throws {
        let server = try makeServer()
        let events = Recorder<PeerEvent>()
        var client: MessageHub? = try MessageHub()
        let peer = try #require(client).connect(to: server.endpoint, onEvent: events.record)
        try await eventually("connected") { events.values == [.connected] }
        client = nil
        await #expect(throws: RequestError.closed) { try await peer.request(StatusRequest(), timeout: .seconds(1)) }
    }
}
