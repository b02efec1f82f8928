import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import RecordSchema

/// One gateway over HTTP. Retries nothing: whoever calls knows what may be sent twice.
struct GatewayClient: Sendable {
    let address: GatewayAddress
    private let http: HTTPClient

    /// Larger answers than this are refused; a page of a thousand records with long texts is well below it.
    private static let answerBytesMax = 256 << 20

    struct Request: Sendable {
        var method: HTTPMethod = .GET
        /// Percent-encoded, beginning with a slash.
        var path: String
        var query: [(name: String, value: String)] = []
        var body: [UInt8]?
        var contentType = "application/json"
    }

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
    }

    /// Runs `body` with a client, and closes its connections at the end.
    static func with<Result: Sendable>(
        _ address: GatewayAddress, connectionCount: Int = 1, _ body: (GatewayClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionCount
        // Otherwise a connection that is refused is tried again in silence until the request's deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result
        do {
            result = try await body(GatewayClient(address: address, http: http))
        } catch {
            try? await http.shutdown()
            throw error
        }
        try? await http.shutdown()
        return result
    }

    /// The answer, whatever its status.
    ///
    /// - Throws: `GatewayFailure` when there is none, `CancellationError` when the task is cancelled.
    func answer(to request: Request) async throws -> Answer {
        do {
            return try await execute(request).answer
        } catch {
            throw translated(error)
        }
    }

    /// The body of a successful answer.
    ///
    /// - Throws: `GatewayFailure`, also for every status outside 200...299; `CancellationError`.
    func body(of request: Request) async throws -> [UInt8] {
        let (answer, retryAfter): (Answer, Duration?)
        do {
            (answer, retryAfter) = try await execute(request)
        } catch {
            throw translated(error)
        }
        guard (200..<300).contains(answer.status) else {
            throw GatewayFailure.refused(
                status: answer.status, message: Self.message(answer.body, status: answer.status), retryAfter: retryAfter)
        }
        return answer.body
    }

    /// The body of a successful answer as JSON.
    func json(of request: Request) async throws -> JSON {
        let bytes = try await body(of: request)
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw GatewayFailure.unexpectedAnswer("no JSON (\(error.message))")
        }
    }

    private func execute(_ request: Request) async throws -> (answer: Answer, retryAfter: Duration?) {
        var url = address.baseURL + request.path
        if !request.query.isEmpty {
            url += "?" + request.query.map { "\(URLText.escaped($0.name))=\(URLText.escaped($0.value))" }.joined(separator: "&")
        }
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = request.method
        outgoing.headers.add(name: "Accept", value: "application/json")
        if let apiKey = address.apiKey { outgoing.headers.add(name: "X-API-Key", value: apiKey) }
        if let body = request.body {
            outgoing.headers.add(name: "Content-Type", value: request.contentType)
            outgoing.body = .bytes(ByteBuffer(bytes: body))
        }
        let deadline = NIODeadline.now() + TimeAmount.nanoseconds(Int64(address.timeout.inSeconds * 1e9))
        let response = try await http.execute(outgoing, deadline: deadline)
        let collected = try await response.body.collect(upTo: Self.answerBytesMax)
        return (
            Answer(status: Int(response.status.code), body: Array(collected.readableBytesView)),
            response.headers.first(name: "Retry-After").flatMap(Self.retryAfter)
        )
    }

    /// Seconds, as Kazi sends them; a date, as other servers may, is not worth a parser.
    private static func retryAfter(_ text: String) -> Duration? {
        guard let seconds = Int(text), (0...86_400).contains(seconds) else { return nil }
        return .seconds(seconds)
    }

    private func translated(_ error: any Error) -> any Error {
        let url = address.baseURL
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        switch error {
        case let error as GatewayFailure: return error
        case let error as NIOConnectionError where error.connectionErrors.contains { Self.isRefusal($0.error) }:
            return GatewayFailure.connectionRefused(url: url)
        case let error where Self.isRefusal(error): return GatewayFailure.connectionRefused(url: url)
        case let error as HTTPClientError: return failure(error)
        case is NIOTooManyBytesError:
            return GatewayFailure.unexpectedAnswer("more than \(Self.answerBytesMax >> 20) MiB")
        case let error as IOError:
            return GatewayFailure.connectionLost(url: url, reason: systemErrorText(error.errnoCode))
        case let error as NIOConnectionError:
            let reason = error.dnsAError == nil ? "no connection" : "unknown host \(error.host)"
            return GatewayFailure.connectionLost(url: url, reason: reason)
        default: return GatewayFailure.connectionLost(url: url, reason: "\(error)")
        }
    }

    private func failure(_ error: HTTPClientError) -> GatewayFailure {
        let url = address.baseURL
        if error == .deadlineExceeded || error == .readTimeout || error == .getConnectionFromPoolTimeout {
            return .timedOut(url: url, after: address.timeout)
        }
        if error == .connectTimeout { return .connectionLost(url: url, reason: "no connection within 10 s") }
        if error == .remoteConnectionClosed { return .connectionLost(url: url, reason: "it was closed before the answer") }
        return .connectionLost(url: url, reason: "\(error.shortDescription)")
    }

    private static func isRefusal(_ error: any Error) -> Bool { (error as? IOError)?.errnoCode == ECONNREFUSED }

    /// What an error body says, in one line: `detail` as a text, the first entries of `detail` as a list, or `message`.
    static func message(_ body: [UInt8], status: Int) -> String {
        guard let object = (try? JSON(parsing: body))?.objectValue else {
            return HTTPResponseStatus(statusCode: status).reasonPhrase
        }
        switch object["detail"] {
        case .string(let text): return text
        case .array(let issues):
            let texts = issues.prefix(3).map(issueText)
            return texts.joined(separator: "; ") + (issues.count > 3 ? "; and \(issues.count - 3) more" : "")
        default: return object["message"]?.stringValue ?? HTTPResponseStatus(statusCode: status).reasonPhrase
        }
    }

    private static func issueText(_ issue: JSON) -> String {
        let location = issue.objectValue?["loc"]?.arrayValue ?? []
        let path = location.map { $0.stringValue ?? $0.integerValue.map(String.init) ?? "?" }.joined(separator: ".")
        let text = issue.objectValue?["msg"]?.stringValue ?? "refused"
        return path.isEmpty ? text : "\(path): \(text)"
    }
}

/// Percent-encoding.
enum URLText {
    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// All but RFC 3986's unreserved characters encoded.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
