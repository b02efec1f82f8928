import HTTPTypes
import Hummingbird

/// What surrounds every route: the request's names, the right to be served, the answer to a failure, and one log line.
struct RequestPipeline: RouterMiddleware {
    typealias Context = GatewayRequestContext

    let metrics: RequestMetrics
    let catalog: Catalog
    let admission: Admission
    let log: RequestLog
    /// Whether an answer says what was wrong with this process.
    let showsFaults: Bool

    func handle(
        _ request: Request, context: GatewayRequestContext,
        next: (Request, GatewayRequestContext) async throws -> Response
    ) async throws -> Response {
        let scope = RequestScope(
            requestID: RequestID.accepting(request.headers[.requestID]),
            traceID: TraceParent.traceID(continuing: request.headers[.traceParent]), admission: admission,
            requestClass: RequestClass(request.method, route: context.endpointPath))
        let collection = context.parameters.get("collection") ?? ""
        if catalog.collections[collection] != nil { scope.collection = collection }
        var context = context
        context.scope = scope
        var response = await RequestScope.$current.withValue(scope) { () async -> Response in
            do {
                switch request.method {
                // `Request.bytes` enters when the body is here.
                case .post, .put, .patch: try admission.refuseEarly(scope.requestClass)
                default: try await scope.enter()
                }
                return try await next(request, context)
            } catch {
                return answer(to: error, scope)
            }
        }
        response.headers[.requestID] = scope.requestID
        if let timing = scope.stages.serverTiming { response.headers[.serverTiming] = timing }
        finish(request, &response, context)
        return response
    }

    private func answer(to error: any Error, _ scope: RequestScope) -> Response {
        switch error {
        case let failure as ServiceFailure:
            if case .faulty(let reason) = failure { return fault(reason, scope) }
            return Response(failure, requestID: scope.requestID)
        case let interrupted as InterruptedRequest:
            return Response(.brokenRequest(interrupted.fault), requestID: scope.requestID)
        case let error as HTTPError where error.status == .notFound:
            return .detail(.notFound, "Not Found")
        case let error as HTTPError:
            return .detail(error.status, error.body ?? error.status.reasonPhrase)
        default:
            return fault("\(error)", scope)
        }
    }

    /// A fault of ours: the reason goes to the log, and to the client only where the person who runs this wants it to.
    private func fault(_ reason: String, _ scope: RequestScope) -> Response {
        RequestLog.writeFault(reason, scope)
        return Response(.faulty(reason: reason), requestID: scope.requestID, showsFaults: showsFaults)
    }

    /// Counts the answer and logs it; one that is still to be streamed is logged when it has ended.
    private func finish(
        _ request: Request, _ response: inout Response, _ context: GatewayRequestContext
    ) {
        let scope = context.scope
        let duration = ContinuousClock.now - context.receivedAt
        metrics.record(
            RequestMetrics.Key(
                route: context.endpointPath ?? "none", method: request.method.rawValue, status: response.status.code,
                collection: scope.collection),
            duration: duration, scope.stages, scope.requestClass)
        let entry = RequestLog.Entry(
            method: request.method.rawValue, path: request.uri.path, status: response.status.code, duration: duration,
            client: context.client.name, sentBytes: request.method == .head ? 0 : response.body.contentLength ?? 0)
        guard response.body.contentLength == nil, request.method != .head else {
            log.write(entry, scope)
            return
        }
        let stream = StreamedAnswer(entry, scope, log, receivedAt: context.receivedAt)
        let body = response.body
        response.body = ResponseBody { writer in
            try await body.write(
                writer.map { buffer in
                    stream.sends(buffer.readableBytes)
                    return buffer
                })
            stream.isWhole()
        }
    }
}

extension Duration {
    /// Milliseconds with three digits after the point.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e3 + (Double(attoseconds) / 1e12).rounded() / 1e3
    }
}
