import Access
import HTTPTypes
import Hummingbird

/// One row of the endpoint table: a method, a path, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, GatewayRequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// With parameters in braces: `/api/v1/{collection}/{id}`.
    let path: String
    let operation: Operation
    let handler: Handler

    /// What a caller must be allowed to do.
    var access: Operation.Access { operation.access ?? .usual(of: method) }

    init(_ method: HTTPRequest.Method, _ path: String, _ operation: Operation, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.operation = operation
        self.handler = handler
    }

    /// What `handler` answers, on the connection's event loop where it computes for a moment only.
    func answer(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        if isBrief, request.isShort { return try await handler(request, context) }
        return try await withWorkerThread { try await handler(request, context) }
    }

    /// Whether it computes for a moment only where the body is short: what is about one record or a page of them.
    private var isBrief: Bool {
        switch operation.body {
        case .none, .record, .mergePatch, .search: break
        case .batch, .json, .form: return false
        }
        return operation.answers.allSatisfy { answer in
            switch answer.content {
            case .none, .record, .recordsOrPage, .hits, .health, .liveness: true
            case .records, .batchResults, .csv, .ndjson, .text, .html, .openAPI, .json: false
            }
        }
    }
}

extension Request {
    private static let shortBodyBytesMax = 64 << 10

    /// Whether its body is announced, and read in a moment.
    fileprivate var isShort: Bool {
        if let announced = headers[.contentLength] { return Int(announced).map { $0 <= Self.shortBodyBytesMax } ?? false }
        return headers[.transferEncoding] == nil
    }
}

enum Routing {
    /// Whatever the HTTP parser takes for a method (`MSEARCH` is its word for `M-SEARCH`): a known path must not look unknown to
    /// any of them.
    private static let methods =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        + [
            "ACL", "BIND", "CHECKOUT", "COPY", "LINK", "LOCK", "MSEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
            "MOVE", "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE",
            "SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
        ].compactMap { HTTPRequest.Method(rawValue: $0) }

    /// The routes behind the pipeline. A path that exists answers `HEAD` as `GET` without the body, `OPTIONS` with the
    /// methods it has, and every other method with 405 and the same list.
    static func router(
        _ routes: [Route], _ pipeline: RequestPipeline, _ crossOrigin: CrossOriginPolicy, _ access: AccessControl,
        _ proxies: TrustedProxies
    ) -> NormalizedRouter {
        let router = Router(context: GatewayRequestContext.self)
        if crossOrigin != .none { router.add(middleware: CrossOriginMiddleware(policy: crossOrigin)) }
        router.add(middleware: pipeline)
        for (path, routesOfPath) in Dictionary(grouping: routes, by: \.path) {
            for route in routesOfPath {
                // `HeadResponder` takes the body off what answers `HEAD`.
                for method in route.method == .get ? [.get, .head] : [route.method] {
                    router.on(RouterPath(path), method: method) { request, context in
                        try await access.serve(request, context, route)
                    }
                }
            }
            var allowed = Set(routesOfPath.map(\.method))
            if allowed.contains(.get) { allowed.insert(.head) }
            let names = allowed.union([.options]).map(\.rawValue).sorted()
            if allowed.insert(.options).inserted {
                router.on(RouterPath(path), method: .options) { _, _ in
                    Response(status: .noContent, headers: [.allow: names.joined(separator: ", ")])
                }
            }
            for method in methods where !allowed.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw ServiceFailure.methodNotAllowed(allowed: names)
                }
            }
        }
        return NormalizedRouter(router: router, proxies: proxies)
    }
}
