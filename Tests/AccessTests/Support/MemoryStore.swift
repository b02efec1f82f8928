@testable import Access

/// Keys and users in memory; counts what it is asked for.
actor MemoryStore: AccessStore {
    struct Down: Error {}

    private let keys: [String: StoredAPIKey]
    private let users: [String: StoredUser]
    private let isDown: Bool
    private(set) var lookupCount = 0

    init(keys: [StoredAPIKey] = [], users: [StoredUser] = [], isDown: Bool = false) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { $1 }
        self.users = Dictionary(users.map { ($0.name, $0) }) { $1 }
        self.isDown = isDown
    }

    func apiKey(id: String, hash: KeyHash) throws -> StoredAPIKey? {
        lookupCount += 1
        if isDown { throw Down() }
        return keys[id]
    }

    func user(name: String) throws -> StoredUser? {
        lookupCount += 1
        if isDown { throw Down() }
        return users[name]
    }
}
