import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// One HTTP/1 connection, from its bytes to the routes and back.
///
/// Hummingbird's own channel answers what is no HTTP with an empty 400, knows no limits of time but one for idleness, and
/// closes idle connections the moment the server stops; this one has a `RequestGuard`, answers every fault in words, and
/// serves on the connection's event loop.
struct GatewayChannel: ServerChildChannel {
    typealias Value = GatewayConnection

    let routes: NormalizedRouter.Responder
    /// Whatever the routes' library says.
    let logger: Logger
    let dates: AnswerDate
    let limits: ConnectionLimits
    let registry: ConnectionRegistry
    /// `nil`: in the clear.
    let tls: CertificateSource?
    let faults: ConnectionFaultAnswer

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context)) }
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderFieldSize = limits.headBytesMax
            decoderLimits.maxHeaderListSize = limits.headBytesMax
            decoderLimits.maxHeaderFieldCount = limits.headerFieldCountMax
            try pipeline.configureHTTPServerPipeline(
                // Requests that are sent ahead wait in the channel's own queue.
                withPipeliningAssistance: false, withErrorHandling: false,
                // The types that answers are made of hold nothing that needs it.
                withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoderLimits)
            try pipeline.addHandler(RequestGuard(limits: limits, registry: registry, isBehindTLS: tls != nil))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
            let stream = ConnectionStream(channel.eventLoop)
            try pipeline.addHandler(stream)
            return GatewayConnection(channel: channel, stream: stream)
        }
    }

    func handle(value connection: Value, logger: Logger) async {
        let channel = connection.channel
        await withTaskExecutorPreference(EventLoopExecutor(channel.eventLoop)) {
            await withTaskCancellationHandler {
                do {
                    try await serve(connection.stream, ClientConnection(channel))
                    // The client gets the end of the output; the `RequestGuard` sees to it that the connection ends.
                    channel.close(mode: .output, promise: nil)
                } catch {
                    // The client is gone: there is nobody to tell, and its request has its line in the log.
                    channel.close(promise: nil)
                }
                try? await channel.closeFuture.get()
            } onCancel: {
                connection.stream.cancel()
                channel.close(mode: .input, promise: nil)
            }
        }
    }

    /// Serves one request after another until there are no more.
    private func serve(_ stream: ConnectionStream, _ client: ClientConnection) async throws {
        let parts = IncomingParts(stream)
        do {
            while let head = try await parts.nextHead() {
                if head.headerFields[.expect] == nil, let body = parts.takeWholeBody() {
                    try await answer(Request(head: head, body: RequestBody(buffer: body)), stream, client)
                    continue
                }
                let request = Request(head: head, body: RequestBody(asyncSequence: IncomingBody(parts: parts)))
                if let invitation = BodyInvitation(head, { try await stream.write([.head(HTTPResponse(status: .continue))]) }) {
                    try await BodyInvitation.$current.withValue(invitation) {
                        try await answer(request, stream, client)
                    }
                } else {
                    try await answer(request, stream, client)
                }
            }
        } catch let fault as ConnectionFault {
            try await faults.write(fault, to: stream, client)
        } catch is HTTP1TypeConversionError {
            try await faults.write(.malformed("The method is none"), to: stream, client)
        } catch is InterruptedRequest {
            // The request has its answer.
        }
    }

    private func answer(
        _ request: Request, _ stream: ConnectionStream, _ client: ClientConnection
    ) async throws {
        var response: Response
        do {
            response = try await routes.respond(
                to: request, context: GatewayRequestContext(client, ConnectionSource(logger: logger)))
        } catch {
            // The pipeline around the routes answers their failures; this is for what stands before it.
            response = Response(status: .internalServerError)
        }
        response.headers[.date] = dates.text()
        if response.body.contentLength != nil {
            try await AnswerWriter.write(response, to: stream)
        } else {
            // Made while it is sent.
            try await withWorkerThread { [response] in try await AnswerWriter.write(response, to: stream) }
        }
    }

    /// What the routes' library wants to know of where a request comes from.
    private struct ConnectionSource: RequestContextSource {
        let logger: Logger
    }
}

/// Tells a client that waits with its body (`Expect: 100-continue`) to send it, when the body is wanted.
final class BodyInvitation: Sendable {
    @TaskLocal static var current: BodyInvitation?

    private let write: @Sendable () async throws -> Void

    /// `nil` for a client that does not wait.
    init?(_ head: HTTPRequest, _ write: @escaping @Sendable () async throws -> Void) {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return nil }
        self.write = write
    }

    /// Called once by whoever reads the body, before it does.
    func send() async throws { try await write() }
}
