import Testing

@testable import Access

@Suite("The authenticator") struct AuthenticatorTests {
    private static let now = Golden.tokens.now
    private static let staticKey = "correct-horse-battery"
    private let good = APIKey.generate()
    private let scoped = APIKey.generate()
    private let revoked = APIKey.generate()
    private let expiring = APIKey.generate()
    private let store: MemoryStore
    private let tokens: AccessTokenAuthority
    private let authenticator: Authenticator

    init() throws {
        store = MemoryStore(keys: [
            try StoredAPIKey(of: good, name: "good", role: .writer, createdAt: 0),
            try StoredAPIKey(of: scoped, name: "scoped", role: .reader, collections: ["jobs"], createdAt: 0),
            StoredAPIKey(id: revoked.id, hash: revoked.hash, name: "revoked", role: .admin, createdAt: 0, revokedAt: 1),
            try StoredAPIKey(of: expiring, name: "expiring", role: .reader, createdAt: 0, expiresAt: Self.now),
        ], users: [
            StoredUser(
                id: "ann", name: "ann", passwordHash: try PasswordHash(hashing: "long secret", cost: .cheapest),
                roles: [.reader, .writer]),
        ])
        tokens = try #require(try AccessTokenAuthority(secret: Golden.tokens.secret, previousSecret: nil))
        authenticator = Authenticator(staticKey: try StaticKey(Self.staticKey), store: store, tokens: tokens)
    }

    private func caller(apiKey: String? = nil, authorization: String? = nil, now: Int64 = now) async throws -> Caller {
        try await authenticator.caller(apiKey: apiKey, authorization: authorization, now: now, instant: 0)
    }

    @Test func `without credentials nobody is known and nothing is looked up`() async throws {
        #expect(try await caller() == .anonymous)
        #expect(await store.lookupCount == 0)
    }

    @Test func `a key is known by what the store says of it`() async throws {
        let known = Caller.known(.init(principal: .apiKey(id: good.id), grant: Grant(role: .writer)))
        #expect(try await caller(apiKey: good.text) == known)
        #expect(try await caller(authorization: "Bearer \(good.text)") == known)
        #expect(try await caller(authorization: "bearer   \(good.text)") == known)
        #expect(
            try await caller(apiKey: scoped.text)
                == .known(.init(principal: .apiKey(id: scoped.id), grant: Grant(role: .reader, collections: ["jobs"]))))
    }

    @Test func `the static key may do everything`() async throws {
        let known = Caller.known(.init(principal: .staticKey, grant: Grant(role: .admin)))
        #expect(try await caller(apiKey: Self.staticKey) == known)
        #expect(try await caller(authorization: "Bearer \(Self.staticKey)") == known)
        #expect(await store.lookupCount == 0)
    }

    @Test func `a key that is unknown, revoked or expired is refused`() async throws {
        #expect(try await caller(apiKey: APIKey.generate().text) == .refused(.unknownKey))
        #expect(try await caller(apiKey: revoked.text) == .refused(.revokedKey(id: revoked.id)))
        #expect(try await caller(apiKey: expiring.text) == .refused(.expiredKey(id: expiring.id)))
        let before = try await caller(apiKey: expiring.text, now: Self.now - 1)
        #expect(before == .known(.init(principal: .apiKey(id: expiring.id), grant: Grant(role: .reader))))
    }

    @Test func `a right id with a wrong secret is an unknown key, a revoked one's too`() async throws {
        for key in [good, revoked, expiring] {
            // A well-formed key with the other one's id: the checksum is no secret, so an attacker can make one.
            var generator = ByteGenerator(bytes: Self.idBytes(of: key) + Array(repeating: 7, count: 32))
            let forged = APIKey.generate(using: &generator)
            #expect(forged.id == key.id && forged != key)
            #expect(try await caller(apiKey: forged.text) == .refused(.unknownKey))
        }
    }

    @Test func `a mistyped key is told from an unknown one without asking the store`() async throws {
        let cut = String(good.text.dropLast())
        #expect(
            try await caller(apiKey: cut)
                == .refused(.malformedKey(.wrongLength(digitCount: 69, expectedCount: 70))))
        #expect(try await caller(apiKey: "") == .refused(.malformedKey(.foreign)))
        #expect(try await caller(apiKey: String(repeating: "x", count: 1_000_000)) == .refused(.malformedKey(.foreign)))
        #expect(await store.lookupCount == 0)
    }

    @Test func `a bad key is not made good by a token beside it`() async throws {
        let token = try tokens.issue(userID: "ann", roles: [.admin], lifetime: .seconds(60), now: Self.now)
        #expect(try await caller(apiKey: "wrong", authorization: "Bearer \(token)") == .refused(.malformedKey(.foreign)))
        let known = Caller.known(.init(principal: .apiKey(id: good.id), grant: Grant(role: .writer)))
        #expect(try await caller(apiKey: good.text, authorization: "Bearer wrong") == known)
    }

    @Test func `a token is known by its roles`() async throws {
        let token = try tokens.issue(userID: "ann", roles: [.reader, .writer], lifetime: .seconds(60), now: Self.now)
        #expect(
            try await caller(authorization: "Bearer \(token)")
                == .known(.init(principal: .user(id: "ann", roles: [.reader, .writer]), grant: Grant(role: .writer))))
        #expect(
            try await caller(authorization: "Bearer \(token)", now: Self.now + 90)
                == .refused(.badToken(.expired(secondsAgo: 30))))
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic YW5uOnNlY3JldA==", "Bearer\tx", "Token x", "x"])
    func `other schemes are refused`(authorization: String) async throws {
        #expect(try await caller(authorization: authorization) == .refused(.unsupportedScheme))
    }

    @Test func `without a secret no token is accepted`() async throws {
        let authenticator = Authenticator(store: store)
        #expect(
            try await authenticator.caller(apiKey: nil, authorization: "Bearer a.b.c", now: Self.now, instant: 0)
                == .refused(.tokensNotConfigured))
        #expect(
            try await Authenticator().caller(apiKey: good.text, authorization: nil, now: Self.now, instant: 0)
                == .refused(.unknownKey))
    }

    @Test func `a store that is down is no bad key`() async throws {
        let authenticator = Authenticator(store: MemoryStore(isDown: true))
        await #expect(throws: MemoryStore.Down.self) {
            try await authenticator.caller(apiKey: good.text, authorization: nil, now: Self.now, instant: 0)
        }
    }

    /// 8 bytes of which the first 60 bits spell the key's id.
    private static func idBytes(of key: APIKey) -> [UInt8] {
        let digits = Array("abcdefghijklmnopqrstuvwxyz234567")
        let bits = key.id.reduce(UInt64(0)) { $0 << 5 | UInt64(digits.firstIndex(of: $1) ?? 0) } << 4
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
    }
}

@Suite("Signing in", .timeLimit(.minutes(1))) struct SignInTests {
    private static let now = Golden.tokens.now
    private let tokens: AccessTokenAuthority
    private let passwords: PasswordVerifier
    private let store: MemoryStore

    init() throws {
        tokens = try #require(try AccessTokenAuthority(secret: Golden.tokens.secret, previousSecret: nil))
        passwords = PasswordVerifier(cost: .cheapest)
        let hash = try PasswordHash(hashing: "long secret", cost: .cheapest)
        let costlier = try #require(PasswordHash.Cost(logRounds: 11, parallelism: 1))
        store = MemoryStore(users: [
            StoredUser(id: "1", name: "ann", passwordHash: hash, roles: [.admin, .reader]),
            StoredUser(id: "2", name: "ben", passwordHash: hash, roles: [.reader], isDisabled: true),
            StoredUser(id: "3", name: "eve", passwordHash: try PasswordHash(hashing: "long secret", cost: costlier), roles: []),
            StoredUser(id: "4", name: "zo\u{EB}", passwordHash: hash, roles: []),
        ])
    }

    private func signIn(limit: RateLimit = RateLimit(count: 100, per: .minute), store: MemoryStore? = nil) -> SignIn {
        SignIn(
            store: store ?? self.store, passwords: passwords, tokens: tokens, limiter: SignInLimiter(limit),
            tokenLifetime: .seconds(900))
    }

    private func answer(_ signIn: SignIn, _ name: String, _ password: String) async throws -> SignIn.Answer {
        try await signIn.answer(name: name, password: password, address: "203.0.113.9", now: Self.now, instant: 0)
    }

    @Test func `the right password gets a token with the user's roles`() async throws {
        guard case .token(let token) = try await answer(signIn(), "ann", "long secret") else {
            Issue.record("no token")
            return
        }
        #expect(token.lifetimeSeconds == 900 && token.userID == "1" && !token.needsRehash)
        let read = try tokens.verify(token.text, now: Self.now)
        #expect(read.userID == "1" && read.roles == [.reader, .admin] && read.expiresAt == Self.now + 900)
        #expect(!"\(token)".contains(token.text))
    }

    @Test func `a hash of another cost is to be made anew`() async throws {
        guard case .token(let token) = try await answer(signIn(), "eve", "long secret") else {
            Issue.record("no token")
            return
        }
        #expect(token.needsRehash)
    }

    @Test(arguments: [
        ("ann", "Long secret"), ("ann", ""), ("Ann", "long secret"), ("ann ", "long secret"), ("nobody", "long secret"), ("", ""),
        ("ben", "long secret"), ("ben", "wrong"), ("ann\0", "long secret"), ("zoe\u{308}", "long secret"),
        (String(repeating: "n", count: 100_000), "long secret"), ("ann", String(repeating: "p", count: 100_000)),
    ])
    func `all else gets one and the same answer`(name: String, password: String) async throws {
        #expect(try await answer(signIn(), name, password) == .refused(SignIn.denial))
    }

    @Test func `beyond the limit no password is looked at`() async throws {
        let signIn = signIn(limit: RateLimit(count: 2, per: .minute))
        for _ in 0..<2 { #expect(try await answer(signIn, "ann", "wrong") == .refused(SignIn.denial)) }
        let lookupCount = await store.lookupCount
        guard case .limited(let limit) = try await answer(signIn, "ann", "long secret") else {
            Issue.record("it was not limited")
            return
        }
        #expect(limit.retryAfterSeconds == 30)
        #expect(await store.lookupCount == lookupCount)
    }

    @Test func `a store that is down is no wrong password`() async throws {
        await #expect(throws: MemoryStore.Down.self) {
            try await answer(signIn(store: MemoryStore(isDown: true)), "ann", "long secret")
        }
    }
}
