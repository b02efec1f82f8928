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
        _ fault: ConnectionFault, to outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>, _ channel: any Channel
    ) async throws {
        let scope = RequestScope(requestID: RequestID.accepting(nil), traceID: .random())
        let body = JSON.object(["detail": .string(fault.detail)]).serialized()
        metrics.record(
            RequestMetrics.Key(route: "none", method: "", status: fault.status.code, collection: ""), duration: .zero,
            scope.stages, .other)
        log.write(
            RequestLog.Entry(
                method: "", path: "", status: fault.status.code, duration: .zero,
                client: channel.clientName, sentBytes: body.count), scope)
        let head = HTTPResponse(
            status: fault.status,
            headerFields: [
                .contentType: "application/json", .contentLength: "\(body.count)", .connection: "close",
                .requestID: scope.requestID,
            ])
        try await outbound.write(contentsOf: [.head(head), .body(ByteBuffer(bytes: body)), .end(nil)])
    }
}
