import HTTPTypes

/// Requests that compete for the same thing, and so are let in together. One class that is full does not hold up another.
enum RequestClass: String, CaseIterable, Sendable {
    /// Health and metrics: never refused, because an overloaded process must be seen to be one.
    case vital
    /// Work for the search workers and the query lane of the model.
    case search
    /// Work for the writer and the ingestion lane of the model.
    case write
    /// Streams that last as long as their readers take.
    case export
    /// Reads, documents, and what no route answers.
    case other

    /// - Parameter route: The path of the route, with its parameters in braces; `nil` where there is none.
    init(_ method: HTTPRequest.Method, route: String?) {
        switch route ?? "" {
        case "/health", "/health/live", "/metrics": self = .vital
        case let route where route.hasPrefix("/api/v1/export/"): self = .export
        case let route where route.hasSuffix("/search"): self = .search
        case let route where route.hasPrefix("/api/v1/") && method != .get && method != .head && method != .options: self = .write
        default: self = .other
        }
    }
}
