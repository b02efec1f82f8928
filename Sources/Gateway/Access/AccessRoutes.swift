import Access
import HTTPTypes
import Hummingbird
import RecordSchema

/// `POST /auth/token` and `GET /api/v1/profile`.
struct AccessRoutes: Sendable {
    /// `nil`: there is no secret to sign tokens with.
    let signIn: SignIn?

    private static let bodyBytesMax = 16 << 10

    var routes: [Route] {
        [
            Route(
                .post, "/auth/token",
                Operation(
                    id: "token", tag: "access", summary: "Exchange a user's name and password for a bearer token.",
                    body: .form(schema: ServiceSchemas.passwordForm, example: Self.formExample), answers: [(200, .json(schema: ServiceSchemas.token, example: Self.tokenExample), "A token")], answerHeaders: [.cacheControl],
                    failures: [401, 413, 415, 429, 503], access: .public), token),
            Route(
                .get, "/api/v1/profile",
                Operation(
                    id: "profile", tag: "access", summary: "Who a bearer token or key is of.",
                    answers: [(200, .json(schema: ServiceSchemas.profile, example: ["user_id": "amina", "roles": ["writer"]]), "The user")], failures: [503], access: .known), profile),
        ]
    }

    private static let formExample: JSON = ["username": "amina", "password": "correct horse battery staple"]
    private static let tokenExample: JSON = [
        "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "token_type": "bearer", "expires_in": 3_600,
    ]

    func token(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        guard let signIn else {
            throw ServiceFailure.unavailable(
                SignIn.notConfiguredDetail, retryAfter: .seconds(3_600))
        }
        try request.requireContentType(["application/x-www-form-urlencoded"])
        let bytes = try await request.bytes(limitBytes: Self.bodyBytesMax)
        let form = try PasswordForm(QueryString(String(decoding: bytes, as: UTF8.self)))
        let answer: SignIn.Answer
        do {
            answer = try await signIn.answer(
                name: form.username, password: form.password, address: context.client.address,
                now: WallClock.microseconds() / 1_000_000, instant: ContinuousClock.nanoseconds)
        } catch is PasswordError {
            throw ServiceFailure.unavailable("There is no memory to check a password", retryAfter: .seconds(1))
        } catch let error as AccessTokenError {
            throw ServiceFailure.faulty(reason: "a token cannot be issued: \(error)")
        } catch {
            throw ServiceFailure.unavailable("Users cannot be looked up now", retryAfter: .seconds(1))
        }
        switch answer {
        case .token(let token):
            let body: JSONObject = [
                "access_token": .string(token.text), "token_type": "bearer", "expires_in": .integer(token.lifetimeSeconds),
            ]
            // RFC 6749 §5.1.
            return .json(.ok, .object(body), headers: [.cacheControl: "no-store"])
        case .refused(let denial): return .denied(.unauthorized, denial)
        case .limited(let limit): return .limited(limit)
        case .busy(let retryAfter):
            throw ServiceFailure.unavailable("Too many passwords are being checked", retryAfter: retryAfter)
        }
    }

    func profile(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        guard case .known(let identity) = context.caller else {
            throw ServiceFailure.faulty(reason: "a profile was let through without an identity")
        }
        return .json(.ok, .object(identity.profile), headers: [.cacheControl: "no-store"])
    }
}

extension Caller.Identity {
    fileprivate var profile: JSONObject {
        let roles = grant.role.map { [$0] } ?? []
        func members(_ userID: String, _ roles: [Role]) -> JSONObject {
            ["user_id": .string(userID), "roles": .array(roles.map { .string($0.rawValue) })]
        }
        switch principal {
        case .user(let id, let roles): return members(id, roles)
        case .apiKey(let id): return members("key:\(id)", roles)
        case .staticKey: return members("key:static", roles)
        }
    }
}

/// The form of OAuth 2.0's password grant, RFC 6749 §4.3.2, judged as FastAPI's `OAuth2PasswordRequestForm` judges it.
struct PasswordForm {
    let username: String
    let password: String

    init(_ form: QueryString) throws(ServiceFailure) {
        var issues: [ValidationIssue] = []
        if let grant = form["grant_type"], grant != "password" {
            issues.append(
                ValidationIssue(
                    type: "string_pattern_mismatch", loc: ["body", "grant_type"],
                    message: "String should match pattern '^password$'", input: .string(grant),
                    context: ["pattern": "^password$"]))
        }
        func required(_ name: String) -> String {
            if let value = form[name], !value.isEmpty { return value }
            issues.append(
                ValidationIssue(type: "missing", loc: ["body", .key(name)], message: "Field required", input: .null))
            return ""
        }
        username = required("username")
        password = required("password")
        guard issues.isEmpty else { throw .invalid(issues) }
    }
}
