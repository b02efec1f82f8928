import HTTPTypes
import NIOHTTP1
import RecordSchema

/// Why a connection cannot go on: what came is no HTTP that this gateway speaks, or did not come in time.
///
/// It is answered like any other failure, after the answers to what came before it; then the connection is closed.
enum ConnectionFault: Error, Equatable {
    /// What came cannot be read as HTTP/1.1, or can be read in two ways.
    case malformed(String)
    case headTooLarge(limitBytes: Int)
    case unsupportedVersion
    case unsupportedTransferEncoding
    case unsupportedExpectation
    /// The head of a request did not arrive in time.
    case slowHead
    /// A body did not arrive in time, or came too slowly.
    case slowBody
    /// The client closed its half in the middle of a request.
    case cutOff

    init(_ error: HTTPParserError, limitBytes: Int) {
        switch error {
        case .headerOverflow: self = .headTooLarge(limitBytes: limitBytes)
        case .invalidVersion, .paused: self = .unsupportedVersion
        case .invalidEOFState, .closedConnection: self = .cutOff
        case .invalidContentLength, .unexpectedContentLength:
            self = .malformed("Content-Length is no single number, or stands beside Transfer-Encoding")
        case .invalidChunkSize: self = .malformed("The size of a chunk is no number")
        case .invalidHeaderToken: self = .malformed("A header field has a character that it may not have")
        case .invalidMethod: self = .malformed("The method is none")
        case .invalidURL, .invalidHost, .invalidPort, .invalidPath, .invalidQueryString, .invalidFragment:
            self = .malformed("The target of the request is none")
        default: self = .malformed("The request is no HTTP/1.1")
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .malformed, .cutOff: .badRequest
        case .headTooLarge: .requestHeaderFieldsTooLarge
        case .unsupportedVersion: .httpVersionNotSupported
        case .unsupportedTransferEncoding: .notImplemented
        case .unsupportedExpectation: .expectationFailed
        case .slowHead, .slowBody: .requestTimeout
        }
    }

    var detail: String {
        switch self {
        case .malformed(let detail): detail
        case .headTooLarge(let limitBytes): "The request line and the header fields are larger than \(limitBytes) bytes, or too many"
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .unsupportedTransferEncoding: "The only Transfer-Encoding that is understood is chunked"
        case .unsupportedExpectation: "The only expectation that is understood is 100-continue"
        case .slowHead: "The head of the request did not arrive in time"
        case .slowBody: "The body of the request did not arrive in time"
        case .cutOff: "The request ended early"
        }
    }

    /// The word for it in metrics.
    var kind: Kind {
        switch self {
        case .malformed: .malformed
        case .headTooLarge: .headTooLarge
        case .unsupportedVersion, .unsupportedTransferEncoding, .unsupportedExpectation: .unsupported
        case .slowHead: .slowHead
        case .slowBody: .slowBody
        case .cutOff: .cutOff
        }
    }

    /// What ended connections early, for metrics.
    enum Kind: String, CaseIterable, Sendable {
        case malformed
        case headTooLarge = "head_too_large"
        case unsupported
        case slowHead = "slow_head"
        case slowBody = "slow_body"
        case slowReader = "slow_reader"
        case cutOff = "cut_off"
        case evicted
        /// Its address had as many connections as it may have, and all of them were at work.
        case addressLimit = "address_limit"
    }
}

/// The same in the middle of a request, whose route is to answer it.
struct InterruptedRequest: Error {
    let fault: ConnectionFault
}
