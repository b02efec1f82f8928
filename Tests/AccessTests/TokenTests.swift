import RecordSchema
import Testing

@testable import Access

@Suite("Access tokens") struct TokenTests {
    private static let now = Golden.tokens.now
    private let authority: AccessTokenAuthority

    init() throws {
        authority = try #require(
            try AccessTokenAuthority(secret: Golden.tokens.secret, previousSecret: Golden.tokens.previousSecret))
    }

    @Test(arguments: Golden.tokens.cases)
    func `are accepted and refused as they should be`(golden: Golden.Tokens.Case) {
        do throws(AccessTokenError) {
            let token = try authority.verify(golden.token, now: Self.now)
            #expect(golden.outcome == "accepted")
            #expect(token.userID == "ann")
            #expect(token.roles == [.reader, .writer])
        } catch {
            #expect("\(error)".prefix { $0 != "(" } == golden.outcome)
            // RFC 6750 §3: the description goes into a quoted header value.
            #expect(error.explanation.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
    }

    @Test func `every kind of refusal is among the hostile ones`() {
        let outcomes = Set(Golden.tokens.cases.map(\.outcome))
        #expect(
            outcomes == [
                "accepted", "tooLarge", "malformed", "malformedPart", "duplicateMember", "wrongAlgorithm",
                "unsupportedHeader", "unknownSecret", "badSignature", "missingClaim", "badClaim", "wrongIssuer",
                "wrongAudience", "expired", "notYetValid",
            ])
    }

    /// RFC 7515, appendix A.1.
    private static let rfcKey =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    private static let rfcSigned = """
        eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9\
        pc19yb290Ijp0cnVlfQ
        """
    private static let rfcSignature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    @Test func `the signature is that of RFC 7515, appendix A1`() throws {
        let secret = try TokenSecret(bytes: #require(Base64.url.decode(Self.rfcKey.utf8)), variable: "test")
        #expect(Base64.url.encode(secret.signature(of: Self.rfcSigned.utf8)) as String == Self.rfcSignature)
        let authority = try AccessTokenAuthority(secrets: [secret], clockSkew: .zero)
        let token = "\(Self.rfcSigned).\(Self.rfcSignature)"
        // Its signature is good, so it gets as far as its claims: it was issued by joe and expired in 2011.
        #expect(throws: AccessTokenError.wrongIssuer) { try authority.verify(token, now: 1_300_819_379) }
        #expect(throws: AccessTokenError.expired(secondsAgo: 0)) { try authority.verify(token, now: 1_300_819_380) }
        let changed = "\(Self.rfcSigned).e" + Self.rfcSignature.dropFirst()
        #expect(throws: AccessTokenError.badSignature) { try authority.verify(changed, now: 1_300_819_379) }
    }

    @Test func `the unsecured token of RFC 7519, section 6_1 is refused`() {
        let token = """
            eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.
            """
        #expect(throws: AccessTokenError.wrongAlgorithm) { try authority.verify(token, now: 1_300_819_379) }
    }

    @Test func `any changed character and any missing end is refused`() throws {
        let token = try authority.issue(userID: "ann", roles: [.admin], lifetime: .seconds(60), now: Self.now)
        for index in token.indices {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(throws: AccessTokenError.self) { try authority.verify(changed, now: Self.now) }
            #expect(throws: AccessTokenError.self) { try authority.verify(String(token[..<index]), now: Self.now) }
        }
    }

    @Test func `random bytes are refused`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let byteCount = Int.random(in: 0...200, using: &generator)
            let text = (0..<byteCount).map { _ in "abAB09-_.={}\"\\,:".randomElement(using: &generator) ?? "." }
            #expect(throws: AccessTokenError.self) { try authority.verify(String(text), now: Self.now) }
        }
    }

    @Test func `what is issued says who, what and for how long`() throws {
        let token = try authority.issue(userID: "ann", roles: [.admin, .reader], lifetime: .seconds(3_600), now: Self.now)
        let read = try authority.verify(token, now: Self.now)
        #expect(read.userID == "ann" && read.roles == [.reader, .admin])
        #expect(read.issuedAt == Self.now && read.expiresAt == Self.now + 3_600)
        #expect(try authority.verify(token, now: Self.now + 3_629) == read)
        #expect(try authority.verify(token, now: Self.now - 30) == read)
        #expect(throws: AccessTokenError.expired(secondsAgo: 30)) { try authority.verify(token, now: Self.now + 3_630) }
        #expect(throws: AccessTokenError.notYetValid(secondsAhead: 31)) { try authority.verify(token, now: Self.now - 31) }
        #expect(throws: AccessTokenError.badClaim("sub")) {
            try authority.issue(userID: "", roles: [], lifetime: .seconds(60), now: Self.now)
        }
    }

    @Test func `unknown roles give no rights`() throws {
        let secret = try TokenSecret(Golden.tokens.secret, variable: "test")
        let claims: JSONObject = ["sub": "ann", "exp": 2_000_000_000, "roles": ["root", "reader", "Admin"]]
        let header: JSONObject = ["alg": "HS256"]
        let signed = "\(Base64.url.encode(header.serialized()) as String).\(Base64.url.encode(claims.serialized()) as String)"
        let token = "\(signed).\(Base64.url.encode(secret.signature(of: signed.utf8)) as String)"
        #expect(try authority.verify(token, now: Self.now).roles == [.reader])
    }

    @Test func `a secret is rotated without signing anybody out`() throws {
        let old = String(repeating: "o", count: 32), new = String(repeating: "n", count: 32)
        let before = try #require(try AccessTokenAuthority(secret: old, previousSecret: nil))
        let during = try #require(try AccessTokenAuthority(secret: new, previousSecret: old))
        let after = try #require(try AccessTokenAuthority(secret: new, previousSecret: ""))
        let oldToken = try before.issue(userID: "ann", roles: [], lifetime: .seconds(60), now: Self.now)
        let newToken = try during.issue(userID: "ann", roles: [], lifetime: .seconds(60), now: Self.now)
        #expect(try during.verify(oldToken, now: Self.now).userID == "ann")
        #expect(try during.verify(newToken, now: Self.now).userID == "ann")
        #expect(try after.verify(newToken, now: Self.now).userID == "ann")
        #expect(throws: AccessTokenError.unknownSecret) { try after.verify(oldToken, now: Self.now) }
        #expect(throws: AccessTokenError.unknownSecret) { try before.verify(newToken, now: Self.now) }
    }

    @Test func `secrets are checked at start`() throws {
        func error(_ secret: String?, _ previous: String?) -> AccessConfigurationError? {
            do throws(AccessConfigurationError) {
                _ = try AccessTokenAuthority(secret: secret, previousSecret: previous)
                return nil
            } catch { return error }
        }
        let good = String(repeating: "s", count: 32)
        #expect(try AccessTokenAuthority(secret: nil, previousSecret: nil).map { _ in 0 } == nil)
        #expect(try AccessTokenAuthority(secret: "", previousSecret: "").map { _ in 0 } == nil)
        #expect(error(good, nil) == nil)
        #expect(
            error(String(good.dropLast()), nil)
                == .secretTooShort(variable: "KAZI_JWT_SECRET", secretBytes: 31, minimumBytes: 32))
        #expect(
            error(good, "short")
                == .secretTooShort(variable: "KAZI_JWT_SECRET_PREVIOUS", secretBytes: 5, minimumBytes: 32))
        #expect(
            error(String(repeating: "s", count: 4_097), nil)
                == .secretTooLong(variable: "KAZI_JWT_SECRET", secretBytes: 4_097, limitBytes: 4_096))
        #expect(error(good, good) == .secretsAreEqual)
        #expect(error(nil, good) == .previousSecretWithoutCurrent)
        #expect(throws: AccessConfigurationError.secretCount(0, range: 1...4)) { try AccessTokenAuthority(secrets: []) }
        let five = try (0..<5).map { try TokenSecret(String(repeating: "\($0)", count: 32), variable: "test") }
        #expect(throws: AccessConfigurationError.secretCount(5, range: 1...4)) { try AccessTokenAuthority(secrets: five) }
        var dumped = ""
        dump(five, to: &dumped)
        #expect(!dumped.contains("000000") && !"\(five)".contains("000000"))
    }
}
