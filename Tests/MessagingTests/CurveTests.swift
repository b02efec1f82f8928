import CZeroMQ
import Testing
import WireProtocol

@testable import Messaging

@Suite("CURVE", .timeLimit(.minutes(10))) struct CurveTests {
    private func makeConfiguration(
        _ keys: CurveKeyPair, allowing clients: Set<CurvePublicKey> = []
    ) -> HubConfiguration {
        var configuration = HubConfiguration()
        configuration.security = .curve(keys: keys, allowedClients: clients)
        return configuration
    }

    @Test func `a client on the list is served, also where other machines may connect`() async throws {
        let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let server = try makeServer(
            at: "tcp://0.0.0.0:*", configuration: makeConfiguration(serverKeys, allowing: [clientKeys.publicKey]))
        let port = try #require(server.endpoint.split(separator: ":").last)
        let client = try MessageHub(makeConfiguration(clientKeys))
        let peer = try client.connect(to: "tcp://127.0.0.1:\(port)", serverKey: serverKeys.publicKey)
        let reply = try await peer.request(GetRequest(collection: "jobs", id: 7), timeout: .seconds(120))
        #expect(reply.seq == 7)
    }

    @Test func `a key that is not on the list, and a client without keys, do not come in`() async throws {
        let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let server = try makeServer(configuration: makeConfiguration(serverKeys))
        let stranger = try MessageHub(makeConfiguration(clientKeys))
        let events = Recorder<PeerEvent>()
        let peer = try stranger.connect(
            to: server.endpoint, serverKey: serverKeys.publicKey, onEvent: events.record)
        try await eventually("the key was refused") { events.values.contains(.handshakeFailed) }
        #expect(server.hub.counters.refusedHandshakeCount > 0)
        let plain = try RawSocket(ZMQ_DEALER)
        try plain.connect(server.endpoint)
        // Nothing can be waited for: that no answer comes is what is to be seen.
        #expect(plain.receive(milliseconds: 300) == nil)
        await #expect(throws: RequestError.timedOut) {
            try await peer.request(StatusRequest(), timeout: .milliseconds(300))
        }
        #expect(!events.values.contains(.connected) && server.hub.counters.receivedMessageCount == 0)
    }

    @Test func `a server with another key than expected is not talked to`() async throws {
        let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let server = try makeServer(configuration: makeConfiguration(serverKeys, allowing: [clientKeys.publicKey]))
        let client = try MessageHub(makeConfiguration(clientKeys))
        let peer = try client.connect(to: server.endpoint, serverKey: try CurveKeyPair.generate().publicKey)
        await #expect(throws: RequestError.timedOut) {
            try await peer.request(StatusRequest(), timeout: .milliseconds(300))
        }
        #expect(server.hub.counters.receivedMessageCount == 0)
    }

    @Test func `keys read from text, and only from Z85 of the right length`() throws {
        // The test keys of the zmq_curve manual page.
        let pair = try CurveKeyPair(secretZ85: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")
        #expect(pair.publicKey.z85 == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
        #expect(!"\(pair) \(pair.publicKey) \(String(reflecting: pair))".contains(pair.secretZ85))
        let generated = try CurveKeyPair.generate()
        #expect(try CurveKeyPair(secretZ85: generated.secretZ85).publicKey == generated.publicKey)
        for text in ["", "D:)Q", String(repeating: "0", count: 41), String(repeating: "\"", count: 40),
            String(repeating: "é", count: 20), String(repeating: "#", count: 40)]
        {
            #expect(throws: MessagingError.badCurveKey) { try CurvePublicKey(z85: text) }
            #expect(throws: MessagingError.badCurveKey) { try CurveKeyPair(secretZ85: text) }
        }
    }
}
