import Hummingbird

/// Answers `HEAD` as `GET`, failures included, without the body. Outermost, so that nothing adds one after it.
///
/// Hummingbird's own generated `HEAD` would announce `Content-Length: 0` for what `GET` streams, which RFC 9110 section 8.6
/// forbids: the field is either the length that `GET` has, or absent.
struct HeadResponder<Next: HTTPResponder>: HTTPResponder {
    let next: Next

    func respond(to request: Request, context: Next.Context) async throws -> Response {
        let response = try await next.respond(to: request, context: context)
        guard request.method == .head else { return response }
        // A body of no known length: the fields stay as they are. `RequestGuard` keeps the end of its chunks back.
        return Response(status: response.status, headers: response.headers, body: ResponseBody { try await $0.finish(nil) })
    }
}
