import Access
import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// Lets requests through to their routes, or answers in the routes' place: 401, 403, 429, 503.
///
/// Nothing of a request's body is read before it is let through.
struct AccessControl: Sendable {
    let authenticator: Authenticator
    let policy: AccessPolicy
    let limiters: RequestLimiters
    let defaultCollection: String?

    /// Answers a request that a route was found for.
    func serve(
        _ request: Request, _ context: GatewayRequestContext, _ route: Route
    ) async throws -> Response {
        var context = context
        do {
            context.caller = try await authenticator.caller(
                apiKey: request.headers[.apiKey], authorization: request.headers[.authorization],
                now: WallClock.microseconds() / 1_000_000, instant: ContinuousClock.nanoseconds)
        } catch {
            // Nobody knows whether the credentials are good, so nothing is done; what needs none goes on without.
            guard route.access == .public else {
                throw ServiceFailure.unavailable("Keys cannot be looked up now", retryAfter: .seconds(1))
            }
        }
        switch policy.decision(for: operation(of: route, context), by: context.caller) {
        case .allowed: break
        case .unauthenticated(let denial): return .denied(.unauthorized, denial)
        case .forbidden(let denial): return .denied(.forbidden, denial)
        }
        guard let limit = limiters.take(for: route, by: context.caller, address: context.client.address) else {
            return try await route.answer(request, context)
        }
        guard limit.isAllowed else { return .limited(limit) }
        return try await answer(request, context, route, limit)
    }

    /// The route's answer, a refusal too, with what is left of the limit.
    private func answer(
        _ request: Request, _ context: GatewayRequestContext, _ route: Route, _ limit: RateLimitAnswer
    ) async throws -> Response {
        var response: Response
        do {
            response = try await route.answer(request, context)
        } catch let failure as ServiceFailure {
            if case .faulty = failure { throw failure }
            response = Response(failure, requestID: context.requestID)
        }
        response.headers.add(limit.headers)
        return response
    }

    private func operation(of route: Route, _ context: GatewayRequestContext) -> AccessOperation {
        switch route.access {
        case .public: .health
        case .known: .profile
        case .admin: .administer
        case .write: .write(collection: collection(of: route, context))
        case .read where route.operation.tag == "service": .describe
        case .read: .read(collection: collection(of: route, context))
        }
    }

    /// The collection that a request is about; `nil` for all of them.
    private func collection(of route: Route, _ context: GatewayRequestContext) -> String? {
        if let name = context.parameters.get("collection") { return name }
        if let file = context.parameters.get("file") { return file.split(separator: ".").first.map(String.init) ?? "" }
        return route.operation.answers.contains { $0.content == .hits } ? defaultCollection : nil
    }
}

extension HTTPField.Name {
    static let apiKey = HTTPField.Name("X-API-Key")!
}

extension HTTPFields {
    mutating func add(_ fields: [HeaderField]) {
        for field in fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            self[name] = field.value
        }
    }
}

extension Response {
    static func denied(_ status: HTTPResponse.Status, _ denial: AccessDenial) -> Response {
        .detail(status, denial.detail, headers: [.wwwAuthenticate: denial.challenge])
    }

    static func limited(_ limit: RateLimitAnswer) -> Response {
        var headers = HTTPFields()
        headers.add(limit.headers)
        return .detail(.tooManyRequests, limit.detail, headers: headers)
    }
}
