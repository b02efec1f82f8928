import Foundation
@testable import RecordStore
import Testing

@Suite("Accounts") struct AccountTests {
    let directory = TemporaryDirectory()
    private let hash = [UInt8](repeating: 7, count: 32)

    private func expect(
        _ expected: AccountError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        await #expect(throws: expected, sourceLocation: sourceLocation) { try await body() }
    }

    /// The accounts of an open store, and those beside it.
    private func open(isBeside: Bool) throws -> (RecordStore?, AccountDatabase) {
        if isBeside { return (nil, try AccountDatabase(directory: directory.path)) }
        let store = try openStore(directory)
        return (store, store.accounts)
    }

    @Test(arguments: [true, false]) func `a key is added, found, changed, revoked and removed`(isBeside: Bool) async throws {
        let (store, accounts) = try open(isBeside: isBeside)
        let revision = try await accounts.revision()
        let added = try await accounts.addKey(
            hash: hash, prefix: "kazi_abc", name: "importer", role: "writer", collections: ["jobs"], expiresAt: 5_000)
        #expect(try await accounts.key(hash: hash) == added)
        #expect(try await accounts.key(id: added.id) == added)
        #expect(try await accounts.key(hash: [UInt8](repeating: 8, count: 32)) == nil)
        #expect(try await accounts.keys() == [added])
        #expect((added.isUsable(at: 4_999), added.isUsable(at: 5_000)) == (true, false))
        let changed = try await accounts.changeKey(id: added.id) { row in
            row.role = "reader"
            row.collections = nil
            row.expiresAt = nil
        }
        #expect((changed.role, changed.collections, changed.expiresAt, changed.name) == ("reader", nil, nil, "importer"))
        #expect(changed.isUsable(at: .max - 1))
        let revoked = try await accounts.revokeKey(id: added.id)
        #expect(try await accounts.revokeKey(id: added.id) == revoked)
        #expect(try await accounts.key(hash: hash) == revoked)
        #expect(try !revoked.isUsable(at: #require(revoked.revokedAt)))
        #expect(try await accounts.revision() == revision + 4)
        await expect(.taken) { _ = try await accounts.addKey(hash: hash, prefix: "k", name: "n", role: "reader") }
        await expect(.keyNotFound(id: 99)) { _ = try await accounts.revokeKey(id: 99) }
        await expect(.invalidField("hash")) { _ = try await accounts.addKey(hash: [1], prefix: "k", name: "n", role: "r") }
        await expect(.invalidField("name")) { _ = try await accounts.addKey(hash: hash, prefix: "k", name: "", role: "r") }
        #expect(try await accounts.revision() == revision + 4)
        try await accounts.removeKey(id: added.id)
        await expect(.keyNotFound(id: added.id)) { try await accounts.removeKey(id: added.id) }
        #expect(try await accounts.keys() == [])
        // Another key is not mistaken for the one that was.
        #expect(try await accounts.addKey(hash: hash, prefix: "k", name: "n", role: "r").id > added.id)
        _ = store
    }

    @Test(arguments: [true, false]) func `a user is added, found, changed, disabled and removed`(isBeside: Bool) async throws {
        let (store, accounts) = try open(isBeside: isBeside)
        let added = try await accounts.addUser(name: "Wanjikũ", passwordHash: "$scrypt$…", roles: ["writer", "admin"])
        #expect(try await accounts.user(named: "Wanjikũ") == added)
        #expect(try await accounts.user(named: "wanjikũ") == nil)
        #expect(try await accounts.user(id: added.id) == added)
        await expect(.taken) { _ = try await accounts.addUser(name: "Wanjikũ", passwordHash: "x", roles: []) }
        let other = try await accounts.addUser(name: "Otieno", passwordHash: "x", roles: [])
        #expect(try await accounts.users() == [added, other])
        await expect(.taken) { _ = try await accounts.changeUser(id: other.id) { $0.name = "Wanjikũ" } }
        await expect(.invalidField("passwordHash")) {
            _ = try await accounts.changeUser(id: other.id) { $0.passwordHash = String(repeating: "x", count: 1_001) }
        }
        let changed = try await accounts.changeUser(id: other.id) { $0.passwordHash = "y" }
        #expect(changed.passwordHash == "y")
        let disabled = try await accounts.disableUser(id: other.id)
        #expect(try await accounts.disableUser(id: other.id) == disabled)
        #expect(try await accounts.changeUser(id: other.id) { $0.disabledAt = nil } == changed)
        try await accounts.removeUser(id: other.id)
        #expect(try await accounts.users() == [added])
        await expect(.userNotFound(id: other.id)) { _ = try await accounts.disableUser(id: other.id) }
        _ = store
    }

    @Test(.timeLimit(.minutes(10))) func `keys are made beside a store that writes, and neither disturbs the other`() async throws {
        let store = try openStore(directory)
        let beside = try AccountDatabase(directory: directory.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask { _ = try await store.insert(makeRecord(title: "t\(index)"), into: "jobs") }
            }
            for accounts in [store.accounts, beside] {
                for index in 0..<20 {
                    let hash = [UInt8](repeating: accounts.access is RecordStore ? 1 : 2, count: 31) + [UInt8(index)]
                    group.addTask {
                        let row = try await accounts.addKey(hash: hash, prefix: "k", name: "n\(index)", role: "reader")
                        #expect(try await store.accounts.key(hash: hash) == row)
                        #expect(try await beside.key(hash: hash) == row)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(store.headSeq == 200)
        #expect(try await store.accounts.keys() == beside.keys())
        #expect(try await beside.keys().count == 40)
        #expect(try await store.accounts.revision() == 40)
        beside.close()
        await expect(.store(.closed)) { _ = try await beside.keys() }
        #expect(try await store.insert(makeRecord(title: "last"), into: "jobs").seq == 201)
        #expect(try await store.integrityCheck() == [])
        try await store.close()
        await expect(.store(.closed)) { _ = try await store.accounts.keys() }
    }

    @Test func `accounts that were there before the store stay`() async throws {
        let beside = try AccountDatabase(directory: directory.path)
        _ = try await beside.addUser(name: "first", passwordHash: "x", roles: ["admin"])
        // An account database that is open does not keep a store from opening.
        let store = try openStore(directory)
        #expect(try await store.accounts.user(named: "first")?.roles == ["admin"])
        #expect(store.headSeq == 0)
        #expect(try await store.insert(makeRecord(title: "a"), into: "jobs").seq == 1)
    }

    @Test func `an old database is migrated, but not beneath a store that has it open`() async throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try execute(firstSchemaSQL, on: directory.database)
        let lock = try #require(try StoreDirectory.tryLock(directory.path))
        #expect(throws: StoreError.inUse(path: directory.path)) { _ = try AccountDatabase(directory: directory.path) }
        lock.release()
        let accounts = try AccountDatabase(directory: directory.path)
        _ = try await accounts.addUser(name: "first", passwordHash: "x", roles: [])
        #expect(try await accounts.users().count == 1)
    }

    @Test func `another application's database, and one of a newer release, are left alone`() async throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try execute("PRAGMA application_id = 7; CREATE TABLE theirs (a)", on: directory.database)
        #expect(throws: StoreError.foreignDatabase(path: directory.database, applicationID: 7)) {
            _ = try AccountDatabase(directory: directory.path)
        }
        let other = TemporaryDirectory()
        try AccountDatabase(directory: other.path).close()
        try execute("INSERT INTO grdb_migrations VALUES ('99: from the future')", on: other.database)
        #expect(throws: StoreError.newerVersion(path: other.database, migration: "99: from the future")) {
            _ = try AccountDatabase(directory: other.path)
        }
    }
}
