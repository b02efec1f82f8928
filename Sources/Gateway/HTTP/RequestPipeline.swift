import HTTPTypes
import Hummingbird
import Logging

/// What surrounds every route: the request's identifier, the answer to a failure, and one log line.
struct RequestPipeline: RouterMiddleware {
    typealias Context = GatewayRequestContext

    let metrics: RequestMetrics
    let catalog: Catalog

    func handle(
        _ request: Request, context: GatewayRequestContext,
        next: (Request, GatewayRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = RequestID.accepting(request.headers[.requestID])
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, context: context)
        }
        response.headers[.requestID] = context.requestID
        finish(request, response, context: context)
        return response
    }

    private func answer(to error: any Error, context: GatewayRequestContext) -> Response {
        switch error {
        case let failure as ServiceFailure:
            if case .faulty(let reason) = failure {
                context.logger.error("request failed", metadata: ["reason": "\(reason)", "request_id": "\(context.requestID)"])
            }
            return Response(failure, requestID: context.requestID)
        case let error as HTTPError where error.status == .notFound:
            return .detail(.notFound, "Not Found")
        case let error as HTTPError:
            return .detail(error.status, error.body ?? error.status.reasonPhrase)
        default:
            context.logger.error(
                "request failed", metadata: ["reason": "\(error)", "request_id": "\(context.requestID)"])
            return Response(.faulty(reason: ""), requestID: context.requestID)
        }
    }

    private func finish(_ request: Request, _ response: Response, context: GatewayRequestContext) {
        let duration = ContinuousClock.now - context.receivedAt
        let collection = context.parameters.get("collection") ?? ""
        metrics.record(
            RequestMetrics.Key(
                route: context.endpointPath ?? "none", method: request.method.rawValue, status: response.status.code,
                collection: catalog.collections[collection] == nil ? "" : collection),
            duration: duration)
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "duration_ms": "\(duration.milliseconds)",
                "client": "\(context.client)", "request_id": "\(context.requestID)",
            ])
    }
}

extension Duration {
    /// Milliseconds with three digits after the point.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e3 + (Double(attoseconds) / 1e12).rounded() / 1e3
    }
}
