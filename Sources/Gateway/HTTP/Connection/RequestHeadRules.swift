import NIOHTTP1

/// What HTTP asks of a request's head beyond its grammar, so that this gateway and a proxy before it can never disagree
/// on where a request ends or whom it is for.
enum RequestHeadRules {
    /// `nil`: the head is in order.
    static func fault(in head: HTTPRequestHead) -> ConnectionFault? {
        let hostCount = head.headers["host"].count
        // RFC 9112 section 3.2.
        if hostCount > 1 || (hostCount == 0 && head.version == .http1_1) {
            return .malformed("A request has exactly one Host")
        }
        return framingFault(in: head) ?? expectationFault(in: head)
    }

    /// RFC 9112 sections 6.1 to 6.3, and section 11.2 on smuggling.
    private static func framingFault(in head: HTTPRequestHead) -> ConnectionFault? {
        let codings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        if !codings.isEmpty {
            guard head.version == .http1_1 else { return .malformed("HTTP/1.0 has no Transfer-Encoding") }
            guard lengths.isEmpty else { return .malformed("Content-Length and Transfer-Encoding exclude each other") }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else { return .unsupportedTransferEncoding }
        }
        guard lengths.count <= 1 else { return .malformed("A request has one Content-Length at most") }
        if let length = lengths.first {
            guard (1...18).contains(length.utf8.count), length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return .malformed("Content-Length is no number of bytes") }
        }
        return nil
    }

    /// RFC 9110 section 10.1.1.
    private static func expectationFault(in head: HTTPRequestHead) -> ConnectionFault? {
        let expectations = head.headers["expect"]
        if expectations.isEmpty || head.version == .http1_0 { return nil }
        return expectations.count == 1 && expectsContinue(head) ? nil : .unsupportedExpectation
    }

    static func expectsContinue(_ head: HTTPRequestHead) -> Bool {
        head.headers["expect"].first?.lowercased() == "100-continue"
    }

    /// Whether another request may follow. The parser stops after a request that wants another protocol, which none gets.
    static func keepsAlive(_ head: HTTPRequestHead) -> Bool {
        guard head.isKeepAlive, head.method != .CONNECT else { return false }
        return !head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}
