import Access
import HTTPTypes
import Hummingbird

/// CORS: answers preflights, and adds to every other answer what lets pages of allowed origins read it. Outermost, so that it
/// sees the answers to failures too.
struct CrossOriginMiddleware: RouterMiddleware {
    typealias Context = GatewayRequestContext

    let policy: CrossOriginPolicy

    func handle(
        _ request: Request, context: GatewayRequestContext,
        next: (Request, GatewayRequestContext) async throws -> Response
    ) async throws -> Response {
        let origin = request.headers[.origin]
        var response = try await next(request, context)
        if request.method == .options, let origin, request.headers[.accessControlRequestMethod] != nil {
            // A browser goes no further where this is no success, and the page then cannot read that there is no such path.
            response.status = .noContent
            response.headers.add(policy.preflightHeaders(origin: origin))
            return response
        }
        response.headers.merge(policy.headers(origin: origin))
        return response
    }
}

extension HTTPFields {
    /// As `add`, and `Vary` keeps what a route has put there.
    fileprivate mutating func merge(_ fields: [HeaderField]) {
        let varies = self[.vary]
        add(fields)
        if let varies, self[.vary] != varies { self[.vary] = [varies, self[.vary] ?? ""].joined(separator: ", ") }
    }
}
