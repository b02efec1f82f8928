import Testing
import WireProtocol

@Suite("Headers and limits") struct HeaderTests {
    @Test(arguments: [
        (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1_001), 2), (.seconds(600), 600_000),
        (.seconds(-5), 0), (.milliseconds(-1), 0), (.seconds(4_294_967), 4_294_967_000), (.seconds(1 << 40), 4_294_967_295),
        (.seconds(Int64.max), 4_294_967_295),
    ] as [(Duration, UInt32)])
    func `a duration travels as milliseconds, rounded up and never over the edge`(duration: Duration, milliseconds: UInt32) {
        #expect(duration.wireMilliseconds == milliseconds)
    }

    @Test func `statuses and kinds of other releases are kept, and count as faults`() throws {
        let header = MessageHeader(kindCode: 77, isReply: true, statusCode: 200, requestID: 3)
        let decoded = try MessageHeader(decoding: header.encoded())
        #expect(decoded == header && decoded.kind == nil && decoded.status == .internalError)
    }

    @Test func `a trace id reads as its bytes in order`() {
        #expect(
            TraceID(high: 0x0AF7_6519_16CD_43DD, low: 0x8448_EB21_1C80_319C).description
                == "0af7651916cd43dd8448eb211c80319c")
        #expect(TraceID.none.description == String(repeating: "0", count: 32))
    }

    @Test func `sizes are checked on both sides of their limits`() throws {
        let body = [UInt8](repeating: 0, count: WireLimits.requestBodyBytesMax)
        try MessageContent(bodyBytes: body).checkSize(isReply: false)
        #expect(throws: WireError.bodyTooLarge(bodyBytes: body.count + 1, limitBytes: body.count)) {
            try MessageContent(bodyBytes: body + [0]).checkSize(isReply: false)
        }
        try MessageContent(bodyBytes: body + [0]).checkSize(isReply: true)
        let room = WireLimits.messageBytesMax - WireLimits.headerBytes
        try MessageContent(rawFrames: [.init(repeating: 0, count: room)]).checkSize(isReply: true)
        #expect(throws: WireError.self) {
            try MessageContent(rawFrames: [.init(repeating: 0, count: room + 1)]).checkSize(isReply: true)
        }
        try MessageContent(rawFrames: .init(repeating: [], count: 6)).checkSize(isReply: true)
        #expect(throws: WireError.self) {
            try MessageContent(rawFrames: .init(repeating: [], count: 7)).checkSize(isReply: true)
        }
    }

    @Test func `a long error message is cut at a character and still sent`() throws {
        let error = ErrorReply(
            .invalid, message: String(repeating: "ü", count: 600),
            detailJSON: .init(repeating: 0x20, count: WireLimits.errorDetailBytesMax + 1))
        let decoded = try ErrorReply(decoding: error.contentWithinLimits())
        #expect(decoded.message == String(repeating: "ü", count: 512) && decoded.detailJSON.isEmpty)
    }
}
