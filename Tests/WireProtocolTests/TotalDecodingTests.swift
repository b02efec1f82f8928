import RecordSchema
import Testing
import WireProtocol

@Suite("Decoding is total") struct TotalDecodingTests {
    @Test(arguments: GoldenFile.names())
    func `every truncation of every frame gives a value or an error`(name: String) throws {
        let frames = try GoldenFile(name).frames
        for (frameIndex, frame) in frames.enumerated() {
            for length in 0..<frame.count {
                var cut = frames
                cut[frameIndex] = Array(frame[..<length])
                let error = outcome(of: cut)
                if frameIndex == 0 { #expect(error != nil, "a header of \(length) bytes") }
            }
        }
    }

    @Test(arguments: GoldenFile.names() + GoldenFile.names(in: "invalid"))
    func `random changes to it give a value or an error, and the refusal is a message`(name: String) throws {
        let frames = try GoldenFile(name).frames
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }.magnitude))
        for _ in 0..<3_000 {
            let changed = frames.mutated(&random)
            guard let error = outcome(of: changed) else { continue }
            if let refusal = Message.refusal(ofHeader: changed[0], error: error) {
                #expect(throws: Never.self) { try decodeFully(Message(decodingFrames: refusal.frames())) }
            }
        }
    }

    @Test func `random bytes give a value or an error`() {
        var random = SeededGenerator(seed: 42)
        for kind in MessageKind.allCases {
            for _ in 0..<3_000 {
                let header = MessageHeader(
                    kindCode: kind.rawValue, isReply: .random(using: &random), requestID: kind.isOneWay ? 0 : 1)
                let body = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let raw = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    [UInt8](repeating: 0, count: .random(in: 0...24, using: &random))
                }
                _ = outcome(of: [header.encoded(), body] + raw)
            }
        }
    }

    @Test func `a body of endless nesting is refused`() throws {
        // Field 3 (not) of Filter, as deep as fits the limit of a body; the outermost bytes are the longest lengths.
        var filter: [UInt8] = []
        for _ in 0..<20_000 { filter = [0x1A] + varint(filter.count) + filter }
        let body = [0x0A, 1, 0x6A, 0x18, 1, 0x40, 1, 0x2A] + varint(filter.count) + filter
        let content = MessageContent(bodyBytes: body, rawFrames: [[0, 0, 0, 0]])
        #expect(throws: WireError.bodyUndecodable) { try ShardSearchRequest(decoding: content) }
    }

    @Test func `a filter of many conditions or values stops at its limit`() throws {
        let many = Filter.any(.init(repeating: .exists(field: "a"), count: Filter.nodeCountLimit))
        let values = Filter.isIn(field: "a", .init(repeating: .boolean(true), count: Filter.valueCountLimit + 1))
        for (filter, error) in [
            (many, FilterError.tooManyNodes(limitCount: Filter.nodeCountLimit)),
            (values, .tooManyValues(limitCount: Filter.valueCountLimit)),
        ] {
            let content = try ShardSearchRequest(collection: "a", resultLimit: 1, filter: filter, vectors: [1]).encoded()
            #expect(throws: WireError.filter(error)) { try ShardSearchRequest(decoding: content) }
        }
        let most = Filter.any(.init(repeating: .exists(field: "a"), count: Filter.nodeCountLimit - 1))
        let content = try ShardSearchRequest(collection: "a", resultLimit: 1, filter: most, vectors: [1]).encoded()
        #expect(try ShardSearchRequest(decoding: content).filter == most)
    }

    /// `nil`: it decoded.
    private func outcome(of frames: [[UInt8]]) -> WireError? {
        do throws(WireError) {
            try decodeFully(try Message(decodingFrames: frames))
            return nil
        } catch {
            return error
        }
    }

    private func varint(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
