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
/// closes idle connections the moment the server stops; this one has a `RequestGuard` and answers every fault in words.
struct GatewayChannel: ServerChildChannel {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
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
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value connection: Value, logger: Logger) async {
        do {
            try await withTaskCancellationHandler {
                try await connection.executeThenClose { inbound, outbound in
                    try await serve(inbound, outbound, connection.channel)
                    outbound.finish()
                    try await connection.channel.closeFuture.get()
                }
            } onCancel: {
                connection.channel.close(mode: .input, promise: nil)
            }
        } catch {
            // The client is gone: there is nobody to tell, and its request has its line in the log.
        }
    }

    /// Serves one request after another until there are no more.
    private func serve(
        _ inbound: NIOAsyncChannelInboundStream<HTTPRequestPart>,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>, _ channel: any Channel
    ) async throws {
        let parts = IncomingParts(inbound)
        do {
            while let head = try await parts.nextHead() {
                let hasBody = head.headerFields[.contentLength].map { $0 != "0" } ?? (head.headerFields[.transferEncoding] != nil)
                let body = hasBody ? RequestBody(asyncSequence: IncomingBody(parts: parts)) : RequestBody(buffer: ByteBuffer())
                let request = Request(head: head, body: body)
                if let invitation = BodyInvitation(head, { try await outbound.write(.head(HTTPResponse(status: .continue))) }) {
                    try await BodyInvitation.$current.withValue(invitation) {
                        try await responder(request, ResponseWriter(outbound: outbound), channel)
                    }
                } else {
                    try await responder(request, ResponseWriter(outbound: outbound), channel)
                }
            }
        } catch let fault as ConnectionFault {
            try await faults.write(fault, to: outbound, channel)
        } catch is HTTP1TypeConversionError {
            try await faults.write(.malformed("The method is none"), to: outbound, channel)
        } catch is InterruptedRequest {
            // The request has its answer.
        }
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
