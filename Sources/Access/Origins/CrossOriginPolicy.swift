/// Which web pages of other origins may read this service's answers: CORS, as the Fetch standard defines it.
///
/// It protects the people whose browsers hold credentials, not the service: other programs send any `Origin` they like.
public struct CrossOriginPolicy: Sendable, Equatable {
    public static let originLimit = 64
    /// How long a browser may keep the answer to a preflight.
    public static let preflightSeconds = 600

    /// What the routes answer to. `HEAD`, `GET` and `POST` need no mention (Fetch §2.2.1), but tools look for them here.
    static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    /// What this service reads of a request's headers. `*` would not cover `Authorization`, and nothing together with
    /// credentials (Fetch §3.3.5).
    static let requestHeaders = [
        "Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match", "X-API-Key", "X-Idempotency-Key",
        "X-Kazi-Min-Seq", "X-Request-ID", "traceparent", "tracestate",
    ].joined(separator: ", ")
    /// What a page's script may read of an answer's headers, beyond those that it always may.
    static let exposedHeaders = [
        "Age", "ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit-Limit", "RateLimit-Policy",
        "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "Server-Timing", "WWW-Authenticate",
        "X-Kazi-Coverage", "X-Kazi-Seq", "X-Request-ID", "X-Total-Count",
    ].joined(separator: ", ")

    private enum Allowed: Equatable {
        case none
        case any
        case listed(Set<Origin>)
    }

    private let allowed: Allowed
    /// Whether a page may have the browser send cookies and such along. Keys and tokens that a script sets itself in a header
    /// need none of that.
    public let allowsCredentials: Bool

    /// No other origin: no header is ever added.
    public static let none = CrossOriginPolicy(allowed: .none, allowsCredentials: false)

    private init(allowed: Allowed, allowsCredentials: Bool) {
        self.allowed = allowed
        self.allowsCredentials = allowsCredentials
    }

    /// Reads `KAZI_CORS_ORIGINS`: origins between commas, white space around them being ignored, or `*` alone for all.
    /// An empty text is no origin.
    public init(parsing text: String, allowsCredentials: Bool = false) throws(AccessConfigurationError) {
        let texts = text.split(separator: ",").map { $0.trimmed() }.filter { !$0.isEmpty }
        guard !texts.isEmpty else {
            self = .none
            return
        }
        if texts.contains("*") {
            guard texts.count == 1 else { throw .anyOriginBesideOthers }
            guard !allowsCredentials else { throw .anyOriginWithCredentials }
            self.init(allowed: .any, allowsCredentials: false)
            return
        }
        guard texts.count <= Self.originLimit else {
            throw .tooManyOrigins(originCount: texts.count, limit: Self.originLimit)
        }
        var origins: Set<Origin> = []
        for text in texts { origins.insert(try Origin(parsing: String(text))) }
        self.init(allowed: .listed(origins), allowsCredentials: allowsCredentials)
    }

    /// What to add to the answer of any request but a preflight, errors too: without it a page cannot even read why.
    ///
    /// - Parameter origin: The value of `Origin`; `nil` where there is none.
    public func headers(origin: String?) -> [HeaderField] {
        var headers = variation("Origin")
        guard let allowOrigin = allowOrigin(origin) else { return headers }
        headers += allowOrigin
        headers.append(HeaderField("Access-Control-Expose-Headers", Self.exposedHeaders))
        return headers
    }

    /// The answer to `OPTIONS` with `Origin` and `Access-Control-Request-Method`: 204 with these headers, whether the origin
    /// is allowed or not. A browser that finds no `Access-Control-Allow-Origin` goes no further and says so.
    ///
    /// - Parameter origin: The value of `Origin`.
    public func preflightHeaders(origin: String) -> [HeaderField] {
        var headers = variation("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        guard let allowOrigin = allowOrigin(origin) else { return headers }
        headers += allowOrigin
        headers.append(HeaderField("Access-Control-Allow-Methods", Self.methods))
        headers.append(HeaderField("Access-Control-Allow-Headers", Self.requestHeaders))
        headers.append(HeaderField("Access-Control-Max-Age", "\(Self.preflightSeconds)"))
        return headers
    }

    /// Whether pages of `origin` may read answers. The comparison is of bytes: browsers have one spelling for each origin.
    public func allows(origin: String) -> Bool {
        switch allowed {
        case .none: false
        case .any: true
        case .listed(let origins): origins.contains { $0.text.utf8.elementsEqual(origin.utf8) }
        }
    }

    /// A cache must not give one origin's answer to another, also where the origin was missing or refused. Where all answers
    /// are alike there is nothing to vary by.
    private func variation(_ names: String) -> [HeaderField] {
        if case .listed = allowed { return [HeaderField("Vary", names)] }
        return []
    }

    private func allowOrigin(_ origin: String?) -> [HeaderField]? {
        guard let origin, allows(origin: origin) else { return nil }
        // The text that is sent back is one of the configured ones, byte for byte, so a header cannot be forged through it.
        var headers = [HeaderField("Access-Control-Allow-Origin", allowed == .any ? "*" : origin)]
        if allowsCredentials { headers.append(HeaderField("Access-Control-Allow-Credentials", "true")) }
        return headers
    }
}

extension Substring {
    /// Without white space at both ends.
    fileprivate func trimmed() -> Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
