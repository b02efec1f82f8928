import GRDB
import NIOConcurrencyHelpers

/// A few connections for reads of a few rows by key, which run on the caller's thread.
///
/// GRDB's pool gives the same, at 45 µs a read: it looks for a free connection among all, starts a transaction and ends it.
/// Here the last connection that was given back is taken, and one statement is its own transaction: 10 µs.
final class ShortReaders: Sendable {
    /// Those that nobody uses.
    private let free: NIOLockedValueBox<[DatabaseQueue]>

    init(path: String, count: Int) throws {
        var configuration = Configuration()
        configuration.label = "kazi.store.short"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // 4 MiB a connection: the inner pages of the trees.
            try db.run("PRAGMA cache_size = -4096")
            try db.run("PRAGMA temp_store = MEMORY")
        }
        free = NIOLockedValueBox(
            try (0..<count).map { [configuration] _ in try DatabaseQueue(path: path, configuration: configuration) })
    }

    /// Runs `body` on a free connection; `nil` when there is none.
    ///
    /// - Parameter isOneStatement: Else `body` gets a transaction, so that its statements see the same.
    func read<Value>(isOneStatement: Bool, _ body: (Database) throws -> Value) throws -> Value? {
        guard let connection = free.withLockedValue({ $0.popLast() }) else { return nil }
        defer { free.withLockedValue { $0.append(connection) } }
        return try connection.unsafeRead { db in
            if isOneStatement { return try body(db) }
            try db.run("BEGIN", cached: true)
            // A transaction that only read is over in any case.
            defer { try? db.run("COMMIT", cached: true) }
            return try body(db)
        }
    }

    /// Connections close when nobody uses them any more.
    func close() { free.withLockedValue { $0 = [] } }
}
