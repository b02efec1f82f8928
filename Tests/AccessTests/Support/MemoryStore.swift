@testable import Access

/// Keys and users in memory; counts what it is asked for.
actor MemoryStore: AccessStore {
    struct Down: Error {}

    private let keys: [String: StoredAPIKey]
    private var users: [[UInt8]: StoredUser]
    private var isDown: Bool
    private var revision: Int64 = 0
    private(set) var lookupCount = 0
    private(set) var revisionCount = 0

    init(keys: [StoredAPIKey] = [], users: [StoredUser] = [], isDown: Bool = false) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { $1 }
        self.users = Dictionary(users.map { (Array($0.name.utf8), $0) }) { $1 }
        self.isDown = isDown
    }

    func set(_ user: StoredUser) {
        users[Array(user.name.utf8)] = user
        revision += 1
    }

    func remove(_ name: String) {
        users[Array(name.utf8)] = nil
        revision += 1
    }

    func goDown() { isDown = true }

    func apiKey(id: String, hash: KeyHash) throws -> StoredAPIKey? {
        lookupCount += 1
        if isDown { throw Down() }
        return keys[id]
    }

    func user(name: String) throws -> StoredUser? {
        lookupCount += 1
        if isDown { throw Down() }
        return users[Array(name.utf8)]
    }

    func user(id: String) throws -> StoredUser? {
        lookupCount += 1
        if isDown { throw Down() }
        return users.values.first { $0.id.utf8.elementsEqual(id.utf8) }
    }

    func accountsRevision() throws -> Int64 {
        revisionCount += 1
        if isDown { throw Down() }
        return revision
    }
}
