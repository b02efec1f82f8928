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

    init(_ method: HTTPRequest.Method, _ path: String, _ operation: Operation, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.operation = operation
        self.handler = handler
    }
}

enum Routing {
    private static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    /// The routes behind the pipeline; a path that exists with other methods answers 405 and says which.
    static func router(_ routes: [Route], _ pipeline: RequestPipeline) -> Router<GatewayRequestContext> {
        let router = Router(context: GatewayRequestContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: pipeline)
        for (path, routesOfPath) in Dictionary(grouping: routes, by: \.path) {
            var allowed = routesOfPath.map(\.method)
            for route in routesOfPath { router.on(RouterPath(path), method: route.method, use: route.handler) }
            if allowed.contains(.get) { allowed.append(.head) }
            let names = allowed.map(\.rawValue).sorted()
            for method in methods where !allowed.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw ServiceFailure.methodNotAllowed(allowed: names)
                }
            }
        }
        return router
    }
}
