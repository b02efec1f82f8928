import Access
import HTTPTypes
import Hummingbird

/// Takes the word of trusted proxies for whom a request is from: rate limits, limits on signing in and log lines go by that.
struct ForwardedResponder<Next: HTTPResponder<GatewayRequestContext>>: HTTPResponder {
    let next: Next
    let proxies: TrustedProxies

    func respond(to request: Request, context: GatewayRequestContext) async throws -> Response {
        guard !proxies.isEmpty,
            let client = proxies.client(
                peer: context.client.address, forwardedFor: request.headers[values: .xForwardedFor],
                forwarded: request.headers[values: .forwarded])
        else { return try await next.respond(to: request, context: context) }
        var context = context
        context.client = ClientConnection(address: client)
        return try await next.respond(to: request, context: context)
    }
}

extension HTTPField.Name {
    /// RFC 7239.
    static let forwarded = HTTPField.Name("Forwarded")!
    static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}
