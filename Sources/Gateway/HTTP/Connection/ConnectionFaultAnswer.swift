import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import RecordSchema
import WireProtocol

/// Answers what is no request: `{"detail": …}`, counted and logged as every other answer is.
struct ConnectionFaultAnswer: Sendable {
    let metrics: RequestMetrics
    let log: RequestLog

    func write(
        _ fault: ConnectionFault, to stream: ConnectionStream, _ client: ClientConnection
    ) async throws {
        let scope = RequestScope(requestID: RequestID.accepting(nil), traceID: .new())
        let body = JSON.object(["detail": .string(fault.detail)]).serialized()
        metrics.record(
            RequestMetrics.Key(route: "none", method: "", status: fault.status.code, collection: ""), duration: .zero,
            scope.stages, .other)
        log.write(
            RequestLog.Entry(
                method: "", path: "", status: fault.status.code, duration: .zero,
                client: client.name, sentBytes: body.count), scope)
        let head = HTTPResponse(
            status: fault.status,
            headerFields: [
                .contentType: "application/json", .contentLength: "\(body.count)", .connection: "close",
                .requestID: scope.requestID,
            ])
        try await stream.write([.head(head), .body(ByteBuffer(bytes: body)), .end(nil)])
    }
}
