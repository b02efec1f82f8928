import Testing
import WireProtocol

@Suite("Golden messages", .tags(.golden)) struct GoldenTests {
    @Test func `every file has an expectation, and every expectation a file`() {
        #expect(GoldenFile.names() == goldenMessages.map(\.name).sorted())
    }

    @Test(arguments: goldenMessages)
    func `decode to the value that the file describes, and encode to its bytes`(golden: GoldenMessage) throws {
        let frames = try GoldenFile(golden.name).frames
        let message = try Message(decodingFrames: frames)
        #expect(message.header == golden.header)
        let (isExpected, encoded) = try golden.recode(message.content)
        #expect(isExpected)
        #expect(Message(header: golden.header, content: encoded).frames() == frames)
    }

    @Test(arguments: GoldenFile.names(in: "invalid"))
    func `what is invalid is refused with the status and the answer that the file names`(name: String) throws {
        let file = try GoldenFile(name)
        let status = try #require(statusNames[file.properties["status", default: ""]])
        let error = failure(of: file.frames)
        #expect(error?.status ?? .ok == status)
        let refusal = error.flatMap { Message.refusal(ofHeader: file.frames[0], error: $0) }
        guard let refusal else {
            #expect(file.properties["answer"] == "none")
            return
        }
        let kind = try HeaderPreamble(decoding: refusal.header.encoded()).kindCode | 0x80
        #expect(
            file.properties["answer"]
                == "kind \(String(kind, radix: 16)), request id \(refusal.header.requestID == 0 ? "0" : "0xb")")
        #expect(refusal.header.isReply && refusal.header.status == status)
        // The answer is itself a message, and says why.
        let answer = try Message(decodingFrames: refusal.frames())
        #expect(try !ErrorReply(decoding: answer.content).message.isEmpty)
    }

    /// What stops a receiver that serves every kind.
    private func failure(of frames: [[UInt8]]) -> WireError? {
        do throws(WireError) {
            try decodeFully(try Message(decodingFrames: frames))
            return nil
        } catch {
            return error
        }
    }
}

/// Section 6 of proto-docs/protocol.md.
let statusNames: [String: WireStatus] = [
    "OK": .ok, "MALFORMED": .malformed, "UNSUPPORTED_VERSION": .unsupportedVersion, "UNKNOWN_KIND": .unknownKind,
    "BODY_TOO_LARGE": .bodyTooLarge, "INVALID": .invalid, "NOT_FOUND": .notFound, "CONFLICT": .conflict, "BUSY": .busy,
    "DEADLINE_EXCEEDED": .deadlineExceeded, "NOT_CAUGHT_UP": .notCaughtUp, "UNAVAILABLE": .unavailable, "STALE": .stale,
    "INTERNAL": .internalError, "UNAUTHORIZED": .unauthorized,
]

/// Decodes the body of any message as what its kind says.
func decodeFully(_ message: Message) throws(WireError) {
    let content = message.content
    if message.header.isReply {
        guard message.header.status == .ok else {
            _ = try ErrorReply(decoding: content)
            return
        }
        switch message.header.kind {
        case .announce: _ = try AnnouncementReply(decoding: content)
        case .pull: _ = try FeedPage(decoding: content)
        case .search: _ = try ShardSearchReply(decoding: content)
        case .status: _ = try StatusReply(decoding: content)
        case .query: _ = try QueryReply(decoding: content)
        case .put, .get, .delete: _ = try RecordReply(decoding: content)
        case .nudge, .goodbye, nil: break
        }
        return
    }
    switch message.header.kind {
    case .announce: _ = try Announcement(decoding: content)
    case .pull: _ = try PullRequest(decoding: content)
    case .nudge: _ = try Nudge(decoding: content)
    case .search: _ = try ShardSearchRequest(decoding: content)
    case .status: _ = try StatusRequest(decoding: content)
    case .query: _ = try QueryRequest(decoding: content)
    case .put: _ = try PutRequest(decoding: content)
    case .get: _ = try GetRequest(decoding: content)
    case .delete: _ = try DeleteRequest(decoding: content)
    case .goodbye: _ = try Goodbye(decoding: content)
    case nil: break
    }
}
