import Testing

@testable import Access

@Suite("Cross-origin requests") struct OriginTests {
    private static let app = "https://app.example.org"

    private func value(_ name: String, _ headers: [HeaderField]) -> String? {
        headers.first { $0.name == name }?.value
    }

    @Test func `a listed origin may read, and the answer varies by origin`() throws {
        let policy = try CrossOriginPolicy(parsing: "\(Self.app), http://localhost:5173 ,", allowsCredentials: true)
        let headers = policy.headers(origin: Self.app)
        #expect(value("Access-Control-Allow-Origin", headers) == Self.app)
        #expect(value("Access-Control-Allow-Credentials", headers) == "true")
        #expect(value("Vary", headers) == "Origin")
        #expect(value("Access-Control-Expose-Headers", headers)?.contains("X-Total-Count") == true)
        #expect(policy.allows(origin: "http://localhost:5173"))
    }

    @Test(arguments: [
        "https://app.example.org.evil.example", "https://evil-app.example.org", "http://app.example.org", "null", "",
        "https://app.example.org:444", "https://APP.example.org", "https://app.example.org/", "https://app.example.org\r\nX: y",
        "*", "https://appXexample.org",
    ])
    func `any other may not, and caches learn that it depends`(origin: String) throws {
        let policy = try CrossOriginPolicy(parsing: Self.app)
        #expect(policy.headers(origin: origin) == [HeaderField("Vary", "Origin")])
        #expect(
            policy.preflightHeaders(origin: origin) == [
                HeaderField("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
            ])
        #expect(policy.headers(origin: nil) == [HeaderField("Vary", "Origin")])
    }

    @Test func `a preflight is told methods, headers and for how long`() throws {
        let headers = try CrossOriginPolicy(parsing: Self.app).preflightHeaders(origin: Self.app)
        #expect(
            headers == [
                HeaderField("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
                HeaderField("Access-Control-Allow-Origin", Self.app),
                HeaderField("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
                HeaderField(
                    "Access-Control-Allow-Headers",
                    "Accept, Authorization, Content-Type, If-Match, If-None-Match, X-API-Key, X-Idempotency-Key, "
                        + "X-Kazi-Min-Seq, X-Request-ID, traceparent, tracestate"),
                HeaderField("Access-Control-Max-Age", "600"),
            ])
    }

    @Test func `all origins get the same answer, without credentials`() throws {
        let policy = try CrossOriginPolicy(parsing: " * ")
        let headers = policy.headers(origin: "https://anybody.example")
        #expect(value("Access-Control-Allow-Origin", headers) == "*")
        #expect(value("Access-Control-Allow-Credentials", headers) == nil)
        #expect(value("Vary", headers) == nil)
        #expect(policy.headers(origin: nil).isEmpty)
    }

    @Test func `without origins nothing is added`() throws {
        for policy in [CrossOriginPolicy.none, try CrossOriginPolicy(parsing: " , ", allowsCredentials: true)] {
            #expect(policy.headers(origin: Self.app).isEmpty)
            #expect(policy.preflightHeaders(origin: Self.app).isEmpty)
        }
    }

    @Test func `all origins together with credentials or names are refused at start`() {
        #expect(throws: AccessConfigurationError.anyOriginWithCredentials) {
            try CrossOriginPolicy(parsing: "*", allowsCredentials: true)
        }
        for text in ["*,\(Self.app)", "\(Self.app), *", "*,*"] {
            #expect(throws: AccessConfigurationError.anyOriginBesideOthers) { try CrossOriginPolicy(parsing: text) }
        }
        let many = (0..<65).map { "https://a\($0).example" }.joined(separator: ",")
        #expect(throws: AccessConfigurationError.tooManyOrigins(originCount: 65, limit: 64)) {
            try CrossOriginPolicy(parsing: many)
        }
    }

    @Test(arguments: [
        "https://example.org", "http://localhost", "http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:8000",
        "https://[2001:db8::1]", "https://xn--bcher-kva.example", "https://a_b.example:65535", "http://example.org:443",
    ])
    func `an origin as browsers write it is accepted`(origin: String) throws {
        let policy = try CrossOriginPolicy(parsing: origin)
        #expect(policy.allows(origin: origin))
    }

    @Test(arguments: [
        ("null", AccessConfigurationError.OriginFault.null), ("Null", .null), ("example.org", .noScheme),
        ("//example.org", .noScheme), ("https:example.org", .noScheme), ("localhost:3000", .noScheme),
        ("ftp://example.org", .badScheme), ("://example.org", .badScheme), ("https://", .badHost),
        ("https://*.example.org", .badHost), ("https://exa mple.org", .badHost), ("https://a..b", .badHost),
        ("https://user@example.org", .badHost), ("https://bücher.example", .badHost), ("https://[::1", .badHost),
        ("https://[::g]", .badHost), ("https://[127.0.0.1]", .badHost), ("https://example.org.", .badHost),
        ("https://:3000", .badHost), ("https://a:b:3000", .badHost),
        ("https://example.org:", .badPort), ("https://example.org:0", .badPort), ("https://example.org:65536", .badPort),
        ("https://example.org:08", .badPort), ("https://example.org:http", .badPort),
        ("https://example.org:443", .defaultPort), ("http://example.org:80", .defaultPort),
        ("https://example.org/", .hasPath), ("https://example.org/app", .hasPath), ("https://example.org?x", .hasPath),
        ("HTTPS://example.org", .notLowercase), ("https://Example.org", .notLowercase),
    ])
    func `what would never match is refused with what is wrong`(origin: String, fault: AccessConfigurationError.OriginFault) {
        #expect(throws: AccessConfigurationError.originForm(origin, fault)) { try CrossOriginPolicy(parsing: origin) }
    }
}
