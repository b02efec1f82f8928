import Foundation
import GRDB

/// The API keys and users of a node: two tables in the store's database, small and rarely changed.
///
/// `RecordStore.accounts` gives the ones of an open store. `AccountDatabase(directory:)` opens them beside it, in the same
/// process or another one, while the store serves or while none is open: a tool can add and revoke keys at any time.
/// The two get along because SQLite serialises their transactions (a writer waits up to five seconds for the other's,
/// and these take a millisecond), and because they touch different rows: what the store keeps in memory, its head
/// `seq` above all, is never changed from here. A change is seen by every look-up that begins after it was made;
/// whoever keeps rows in memory compares `revision()`.
public struct AccountDatabase: Sendable {
    /// Keys there may be, revoked ones included; as many users.
    public static let rowCountMax = 10_000

    let access: any DatabaseAccess
    let now: @Sendable () -> Int64

    init(access: any DatabaseAccess, now: @escaping @Sendable () -> Int64) {
        self.access = access
        self.now = now
    }

    /// Opens the accounts in a store's data directory, which is made, database included, where it is missing. Blocks.
    ///
    /// `StoreError.inUse` is thrown where the database is older than this release and a store has it open, that is by
    /// an older release that still runs: it is not migrated beneath it.
    public init(directory path: String, now: (@Sendable () -> Int64)? = nil) throws(StoreError) {
        try StoreDirectory.makeDirectory(path)
        let schemaLock = try StoreDirectory.lockSchema(path)
        defer { schemaLock.release() }
        let databasePath = path + "/kazi.sqlite"
        access = SingleConnection(try DatabaseFile.openBeside(path, databasePath: databasePath), path: databasePath)
        self.now = now ?? { StoreClock.now() }
    }

    /// Closes the connection that `init(directory:)` opened, after the calls that are under way; does nothing for the
    /// accounts of an open store, which end with it.
    public func close() {
        if let connection = access as? SingleConnection { connection.close() }
    }

    /// Grows with every change of a key or user, by whatever process.
    public func revision() async throws(AccountError) -> Int64 {
        try await read { db in
            try db.integer("SELECT value FROM counters WHERE name = 'accounts_revision'", cached: true) ?? 0
        }
    }

    static func createTables(_ db: Database) throws {
        try db.run("""
            CREATE TABLE api_keys (
              id INTEGER PRIMARY KEY AUTOINCREMENT,
              hash BLOB NOT NULL UNIQUE,
              prefix TEXT NOT NULL,
              name TEXT NOT NULL,
              role TEXT NOT NULL,
              collections TEXT,
              created_at INTEGER NOT NULL,
              expires_at INTEGER,
              revoked_at INTEGER
            ) STRICT
            """)
        try db.run("""
            CREATE TABLE users (
              id INTEGER PRIMARY KEY AUTOINCREMENT,
              name TEXT NOT NULL UNIQUE,
              password_hash TEXT NOT NULL,
              roles TEXT NOT NULL,
              created_at INTEGER NOT NULL,
              disabled_at INTEGER
            ) STRICT
            """)
        try db.run("INSERT INTO counters (name, value) VALUES ('accounts_revision', 0)")
    }

    // MARK: For the extensions

    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) async throws(AccountError) -> Value {
        do throws(StoreError) {
            return try await access.read(.short, body)
        } catch {
            throw .store(error)
        }
    }

    /// One transaction in which `body` changes something, or throws.
    func change<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(AccountError) -> Value {
        let result: Result<Value, AccountError>
        do throws(StoreError) {
            result = try await access.transaction { db in
                do {
                    let value = try body(db)
                    try db.run("UPDATE counters SET value = value + 1 WHERE name = 'accounts_revision'")
                    return .success(value)
                } catch let error as AccountError {
                    // Every check comes before the first change: there is nothing to take back.
                    return .failure(error)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                    return .failure(.taken)
                }
            }
        } catch {
            throw .store(error)
        }
        return try result.get()
    }

    static func refuseOneMore(in table: String, _ db: Database) throws {
        if try db.integer("SELECT count(*) FROM \(table)") ?? 0 >= rowCountMax {
            throw AccountError.tooMany(limit: rowCountMax)
        }
    }

    static func check(_ value: String, _ field: String, in range: ClosedRange<Int> = 1...200) throws {
        guard range.contains(value.utf8.count) else { throw AccountError.invalidField(field) }
    }

    static func check(_ values: [String], _ field: String) throws {
        guard values.count <= 1_000 else { throw AccountError.invalidField(field) }
        for value in values { try check(value, field) }
    }

    // MARK: Columns

    static func text(_ string: String) -> SQLValue { .text([UInt8](string.utf8)) }

    static func json(_ strings: [String]?) throws -> SQLValue {
        try strings.map { .text([UInt8](try JSONEncoder().encode($0))) } ?? .null
    }

    static func integer(_ value: Int64?) -> SQLValue { value.map(SQLValue.integer) ?? .null }
}

extension SQLStatement {
    func strings(_ column: Int) throws -> [String] {
        try JSONDecoder().decode([String].self, from: Data(bytes(column)))
    }

    func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
}
