import HTTPTypes
import Hummingbird
import NIOCore
import RecordSchema

extension HTTPField.Name {
    static let kaziSeq = HTTPField.Name("X-Kazi-Seq")!
    static let kaziMinSeq = HTTPField.Name("X-Kazi-Min-Seq")!
    static let kaziSearchable = HTTPField.Name("X-Kazi-Searchable")!
    static let kaziCoverage = HTTPField.Name("X-Kazi-Coverage")!
    static let kaziGuarantee = HTTPField.Name("X-Kazi-Guarantee")!
    static let requestID = HTTPField.Name("X-Request-ID")!
    static let serverTiming = HTTPField.Name("Server-Timing")!
    static let totalCount = HTTPField.Name("X-Total-Count")!
    static let link = HTTPField.Name("Link")!
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    static let traceParent = HTTPField.Name("traceparent")!
}

extension Response {
    /// An answer whose body is JSON text that is there already.
    static func json(
        _ status: HTTPResponse.Status, _ body: [UInt8], headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    static func json(_ status: HTTPResponse.Status, _ body: JSON, headers: HTTPFields = [:]) -> Response {
        json(status, body.serialized(), headers: headers)
    }

    /// `{"detail": "…"}`, as FastAPI answers whatever is no validation error.
    static func detail(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) -> Response {
        json(status, .object(["detail": .string(detail)]), headers: headers)
    }
}

extension ServiceFailure {
    /// The status of the HTTP contract's table "Errors".
    var status: HTTPResponse.Status {
        switch self {
        case .invalid, .idempotencyKeyReused: .unprocessableContent
        case .dataQuality: .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .unsupportedMediaType: .unsupportedMediaType
        case .contentTooLarge: .contentTooLarge
        case .unavailable, .deadlineExceeded: .serviceUnavailable
        case .brokenRequest(let fault): fault.status
        case .faulty: .internalServerError
        }
    }

    /// The members of its JSON body.
    var body: JSONObject {
        switch self {
        case .invalid(let issues): ["detail": .array(issues.map(\.json))]
        case .idempotencyKeyReused: ["detail": .array([IdempotencyHeader.reused.json])]
        case .dataQuality(let message, let field):
            [
                "error": "data_quality_error", "message": .string(message),
                "field": field.map(JSON.string) ?? .null,
            ]
        case .methodNotAllowed: ["detail": "Method Not Allowed"]
        case .preconditionFailed: ["detail": "The record is not the version that If-Match names"]
        case .contentTooLarge(let limitBytes): ["detail": .string("The body is larger than \(limitBytes) bytes")]
        case .notFound(let detail), .conflict(let detail), .unsupportedMediaType(let detail),
            .unavailable(let detail, _), .deadlineExceeded(let detail):
            ["detail": .string(detail)]
        case .brokenRequest(let fault): ["detail": .string(fault.detail)]
        case .faulty: ["detail": "Internal Server Error"]
        }
    }

    /// The same as one line of a batch's answer.
    var batchLine: JSON {
        var members: JSONObject = ["status": .integer(Int64(status.code))]
        for member in body.members { members[member.key] = member.value }
        return .object(members)
    }
}

extension Response {
    /// - Parameter showsFaults: Whether a fault of ours is told in full.
    init(_ failure: ServiceFailure, requestID: String, showsFaults: Bool = false) {
        if case .invalid(let issues) = failure {
            self = .json(failure.status, Self.detail(issues))
            return
        }
        var headers: HTTPFields = [:]
        var body = failure.body
        switch failure {
        case .methodNotAllowed(let allowed): headers[.allow] = allowed.joined(separator: ", ")
        // The rest of the body is not read: the connection cannot be used again.
        case .contentTooLarge, .brokenRequest: headers[.connection] = "close"
        case .unavailable(_, let retryAfter): headers[.retryAfter] = String(Self.wholeSeconds(retryAfter))
        case .deadlineExceeded: headers[.retryAfter] = "1"
        case .faulty(let reason):
            body["request_id"] = .string(requestID)
            if showsFaults { body["reason"] = .string(reason) }
        case .invalid, .idempotencyKeyReused, .dataQuality, .notFound, .conflict, .preconditionFailed, .unsupportedMediaType: break
        }
        self = .json(failure.status, .object(body), headers: headers)
    }

    /// `{"detail": [...]}`, the answer that a client with a mistake in a loop gets thousands of times.
    private static func detail(_ issues: [ValidationIssue]) -> [UInt8] {
        var bytes = Array("{\"detail\":[".utf8)
        bytes.reserveCapacity(bytes.count + 256 * issues.count)
        for (index, issue) in issues.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            issue.serialize(into: &bytes)
        }
        bytes += "]}".utf8
        return bytes
    }

    /// `Retry-After` has whole seconds: rounded up, at least one.
    private static func wholeSeconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds + (attoseconds > 0 ? 1 : 0))
    }
}
