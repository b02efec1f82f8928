import Testing

@testable import Access

@Suite("The access policy") struct PolicyTests {
    private static let operations: [(String, AccessOperation)] = [
        ("health", .health), ("sign in", .signIn), ("describe", .describe), ("read jobs", .read(collection: "jobs")),
        ("read events", .read(collection: "events")), ("read all", .read(collection: nil)),
        ("write jobs", .write(collection: "jobs")), ("write events", .write(collection: "events")),
        ("write all", .write(collection: nil)), ("profile", .profile), ("administer", .administer),
    ]

    private static func known(_ role: Role?, _ collections: Set<String>? = nil) -> Caller {
        .known(.init(principal: .apiKey(id: "k"), grant: Grant(role: role, collections: collections)))
    }

    /// The contract's section "Access", row by row: `.` is allowed, `1` is 401, `3` is 403; in the order of `operations`.
    private static let table: [(AccessPolicy.Requirement, String, Caller, String)] = [
        (.none, "nobody", .anonymous, ".........11"),
        (.none, "bad key", .refused(.unknownKey), ".........11"),
        (.none, "no role", known(nil), "..........3"),
        (.none, "reader", known(.reader), "..........3"),
        (.none, "writer", known(.writer), "..........3"),
        (.none, "admin", known(.admin), "..........."),
        (.none, "admin of jobs", known(.admin, ["jobs"]), "..........3"),
        (.writes, "nobody", .anonymous, "......11111"),
        (.writes, "bad key", .refused(.unknownKey), "......11111"),
        (.writes, "no role", known(nil), "......333.3"),
        (.writes, "reader", known(.reader), "......333.3"),
        (.writes, "writer", known(.writer), "..........3"),
        (.writes, "writer of jobs", known(.writer, ["jobs"]), ".......33.3"),
        (.writes, "writer of nothing", known(.writer, []), "......333.3"),
        (.writes, "admin", known(.admin), "..........."),
        (.all, "nobody", .anonymous, "..111111111"),
        (.all, "expired token", .refused(.badToken(.expired(secondsAgo: 1))), "..111111111"),
        (.all, "no role", known(nil), "..3333333.3"),
        (.all, "reader", known(.reader), "......333.3"),
        (.all, "reader of jobs", known(.reader, ["jobs"]), "....33333.3"),
        (.all, "writer", known(.writer), "..........3"),
        (.all, "writer of jobs", known(.writer, ["jobs"]), "....33.33.3"),
        (.all, "admin", known(.admin), "..........."),
        (.all, "admin of jobs", known(.admin, ["jobs"]), "....33.33.3"),
        (.all, "reader of nothing", known(.reader, []), "...333333.3"),
    ]

    @Test(arguments: table.indices) func `decides as the contract says`(row: Int) {
        let (requirement, name, caller, expected) = Self.table[row]
        let policy = AccessPolicy(requirement: requirement)
        let decisions = Self.operations.map { _, operation -> Character in
            switch policy.decision(for: operation, by: caller) {
            case .allowed: "."
            case .unauthenticated: "1"
            case .forbidden: "3"
            }
        }
        #expect(String(decisions) == expected, "\(requirement) for \(name)")
    }

    @Test(arguments: [
        (AccessOperation.administer, Caller.anonymous, "Not authenticated", #"APIKey realm="kazi", Bearer realm="kazi""#),
        (.write(collection: "jobs"), .anonymous, "Not authenticated", #"Bearer realm="kazi", APIKey realm="kazi""#),
        (.profile, .anonymous, "Not authenticated", #"Bearer realm="kazi""#),
        (
            .administer, .refused(.unknownKey), "Invalid API key",
            #"APIKey realm="kazi", Bearer realm="kazi""#
        ),
        (
            .profile, .refused(.badToken(.expired(secondsAgo: 5))),
            "Could not validate credentials: the token has expired",
            #"Bearer realm="kazi", error="invalid_token", error_description="the token has expired""#
        ),
        (
            .write(collection: "jobs"), .refused(.badToken(.wrongAlgorithm)),
            "Could not validate credentials: the token's algorithm is not HS256",
            #"Bearer realm="kazi", error="invalid_token", error_description="the token's algorithm is not HS256", APIKey realm="kazi""#
        ),
        (
            .write(collection: "jobs"), known(.reader), "Not enough permissions: the role 'writer' is needed",
            #"Bearer realm="kazi", error="insufficient_scope", scope="writer""#
        ),
        (
            .write(collection: "events"), known(.writer, ["jobs"]),
            "Not enough permissions: the key does not cover this collection",
            #"Bearer realm="kazi", error="insufficient_scope", scope="writer""#
        ),
        (
            .write(collection: nil), known(.writer, ["jobs"]),
            "Not enough permissions: the key covers some collections, and this is about all",
            #"Bearer realm="kazi", error="insufficient_scope", scope="writer""#
        ),
    ])
    func `says what is missing`(operation: AccessOperation, caller: Caller, detail: String, challenge: String) {
        switch AccessPolicy(requirement: .all).decision(for: operation, by: caller) {
        case .allowed: Issue.record("it was allowed")
        case .unauthenticated(let denial), .forbidden(let denial):
            #expect(denial.detail == detail)
            #expect(denial.challenge == challenge)
        }
    }

    @Test func `the setting has three words`() throws {
        #expect(try AccessPolicy.Requirement(parsing: "none") == .none)
        #expect(try AccessPolicy.Requirement(parsing: "writes") == .writes)
        #expect(try AccessPolicy.Requirement(parsing: "all") == .all)
        for text in ["", "All", "write", "true", "all "] {
            #expect(throws: AccessConfigurationError.unknownRequirement(text)) {
                try AccessPolicy.Requirement(parsing: text)
            }
        }
    }

    @Test func `a role includes the ones below it`() {
        #expect(Role.reader.permissions == [.read])
        #expect(Role.writer.permissions == [.read, .write])
        #expect(Role.admin.permissions == [.read, .write, .administer])
        #expect(Grant(roles: []).role == nil)
        #expect(Grant(roles: [.reader, .admin, .writer]).role == .admin)
    }
}
