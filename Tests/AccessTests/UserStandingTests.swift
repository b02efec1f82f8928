import Testing

@testable import Access

@Suite("What is kept of users") struct UserStandingTests {
    private static let millisecond: Int64 = 1_000_000
    private let hash: PasswordHash

    init() throws { hash = try PasswordHash(hashing: "long secret", cost: .cheapest) }

    private func user(_ name: String, _ roles: Set<Role> = [.writer], isDisabled: Bool = false, createdAt: Int64 = 0) -> StoredUser {
        StoredUser(id: name, name: name, passwordHash: hash, roles: roles, isDisabled: isDisabled, createdAt: createdAt)
    }

    @Test func `is looked up once, and confirmed by the revision alone`() async throws {
        let store = MemoryStore(users: [user("ann")])
        let standings = UserStandings(store: store, ageMax: .milliseconds(250))
        for step in 0..<100 {
            let standing = try await standings.standing(of: "ann", instant: Int64(step) * 10 * Self.millisecond)
            #expect(standing?.roles == [.writer])
        }
        #expect(await store.lookupCount == 1)
        // At 0, 250, 500 and 750 ms.
        #expect(await store.revisionCount == 4)
    }

    @Test func `is what the store says when it was confirmed for the last time`() async throws {
        let store = MemoryStore(users: [user("ann"), user("ben")])
        let standings = UserStandings(store: store, ageMax: .milliseconds(250))
        #expect(try await standings.standing(of: "ann", instant: 0)?.isDisabled == false)
        await store.set(user("ann", isDisabled: true))
        #expect(try await standings.standing(of: "ann", instant: 249 * Self.millisecond)?.isDisabled == false)
        #expect(try await standings.standing(of: "ann", instant: 250 * Self.millisecond)?.isDisabled == true)
        await store.remove("ann")
        #expect(try await standings.standing(of: "ben", instant: 600 * Self.millisecond) != nil)
        // Whoever was looked up caused the look at the revision; the other one is forgotten with it.
        #expect(try await standings.standing(of: "ann", instant: 601 * Self.millisecond) == nil)
    }

    @Test func `remembers that there is no such user, until there is one`() async throws {
        let store = MemoryStore()
        let standings = UserStandings(store: store, ageMax: .milliseconds(250))
        for instant in 0..<3 { #expect(try await standings.standing(of: "ann", instant: Int64(instant)) == nil) }
        #expect(await store.lookupCount == 1)
        await store.set(user("ann"))
        #expect(try await standings.standing(of: "ann", instant: 250 * Self.millisecond) != nil)
    }

    @Test func `keeps apart names that are equal as text and not as bytes`() async throws {
        let store = MemoryStore(users: [user("zo\u{EB}")])
        let standings = UserStandings(store: store)
        #expect(try await standings.standing(of: "zo\u{EB}", instant: 0) != nil)
        #expect(try await standings.standing(of: "zoe\u{308}", instant: 0) == nil)
    }

    @Test func `is of a bounded number of users`() async throws {
        let store = MemoryStore(users: (0..<5).map { user("user\($0)") })
        let standings = UserStandings(store: store, userLimit: 2)
        for round in 0..<3 {
            for number in 0..<5 { #expect(try await standings.standing(of: "user\(number)", instant: 0) != nil, "round \(round)") }
        }
        #expect(await store.lookupCount == 15)
    }

    @Test func `is nothing where the store is down, once it is too old`() async throws {
        let store = MemoryStore(users: [user("ann")])
        let standings = UserStandings(store: store, ageMax: .milliseconds(250))
        _ = try await standings.standing(of: "ann", instant: 0)
        await store.goDown()
        #expect(try await standings.standing(of: "ann", instant: 1) != nil)
        await #expect(throws: MemoryStore.Down.self) {
            try await standings.standing(of: "ann", instant: 250 * Self.millisecond)
        }
    }
}

@Suite("Tokens and their users") struct TokenUserTests {
    private static let now = Golden.tokens.now
    private let tokens: AccessTokenAuthority
    private let hash: PasswordHash

    init() throws {
        tokens = try #require(try AccessTokenAuthority(secret: Golden.tokens.secret, previousSecret: nil))
        hash = try PasswordHash(hashing: "long secret", cost: .cheapest)
    }

    private func caller(_ user: StoredUser?, tokenRoles: [Role] = [.reader, .writer]) async throws -> Caller {
        let authenticator = Authenticator(store: MemoryStore(users: user.map { [$0] } ?? []), tokens: tokens)
        let token = try tokens.issue(userID: "ann", roles: tokenRoles, lifetime: .seconds(60), now: Self.now)
        return try await authenticator.caller(apiKey: nil, authorization: "Bearer \(token)", now: Self.now, instant: 0)
    }

    private func ann(_ roles: Set<Role>, isDisabled: Bool = false, createdAt: Int64 = 0) -> StoredUser {
        StoredUser(id: "ann", name: "ann", passwordHash: hash, roles: roles, isDisabled: isDisabled, createdAt: createdAt)
    }

    @Test func `a token of a user who is disabled or gone is no good`() async throws {
        #expect(try await caller(ann([.writer], isDisabled: true)) == .refused(.badToken(.userDisabled)))
        #expect(try await caller(nil) == .refused(.badToken(.userGone)))
    }

    @Test func `a token is no good for another user of the same name`() async throws {
        #expect(try await caller(ann([.reader, .writer], createdAt: Self.now + 1)) == .refused(.badToken(.userGone)))
        guard case .known = try await caller(ann([.reader, .writer], createdAt: Self.now)) else {
            Issue.record("a token of the user's first second is refused")
            return
        }
    }

    /// A role includes those below it.
    @Test(arguments: [
        ([.reader, .writer], [.reader, .writer], [.reader, .writer]), ([.writer], [.reader, .writer], [.reader, .writer]),
        ([.reader], [.reader, .writer], [.reader]), ([.reader], [.admin], [.reader]), ([], [.admin], []), ([.admin], [.reader], [.reader]),
        ([.admin, .reader], [.writer], [.writer]), ([.admin], [], []),
    ] as [(Set<Role>, [Role], [Role])])
    func `a token brings no role above what its user still has`(stored: Set<Role>, token: [Role], effective: [Role]) async throws {
        #expect(
            try await caller(ann(stored), tokenRoles: token)
                == .known(.init(principal: .user(id: "ann", roles: effective), grant: Grant(roles: effective))))
    }
}
