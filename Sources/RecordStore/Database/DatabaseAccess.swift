import GRDB
import NIOConcurrencyHelpers

/// How much a read has to do.
enum ReadExtent: Sendable {
    /// One look-up by key.
    case oneStatement
    /// A few look-ups by key.
    case short
    case any
}

/// A database that can be read and written, whoever owns the connections.
protocol DatabaseAccess: Sendable {
    /// Runs `body` in one read transaction.
    ///
    func read<Value: Sendable>(
        _ extent: ReadExtent, _ body: @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value

    /// Runs `body` in one transaction, which is on disk on return; when it throws nothing of it is.
    func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(StoreError) -> Value
}

extension RecordStore: DatabaseAccess {
    func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await onWriter { db in try db.immediately(body) }
    }
}

extension Database {
    /// Runs `body` between BEGIN IMMEDIATE and COMMIT: it waits for another process's transaction before it reads, and
    /// not in its middle, where SQLite could only refuse.
    func immediately<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var value: Value?
        try inTransaction(.immediate) {
            value = try body(self)
            return .commit
        }
        guard let value else { preconditionFailure("a transaction that was committed ran its body") }
        return value
    }
}

/// One connection of its own, beside a store that may be open in another process.
final class SingleConnection: DatabaseAccess {
    /// `nil` once closed. The queue is not closed by a call but by its last reference: whoever still uses it then has
    /// one, and GRDB crashes when a closed queue is used.
    private let queue: NIOLockedValueBox<DatabaseQueue?>
    private let path: String

    init(_ queue: DatabaseQueue, path: String) {
        self.queue = NIOLockedValueBox(queue)
        self.path = path
    }

    func read<Value: Sendable>(
        _ extent: ReadExtent, _ body: @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            let queue = try openQueue()
            return try await queue.read(body)
        } catch {
            throw failure(error)
        }
    }

    func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await openQueue().writeWithoutTransaction { db in try db.immediately(body) }
        } catch {
            throw failure(error)
        }
    }

    /// The file is closed when the calls that are under way are done.
    func close() { queue.withLockedValue { $0 = nil } }

    private func openQueue() throws(StoreError) -> DatabaseQueue {
        guard let queue = queue.withLockedValue({ $0 }) else { throw .closed }
        return queue
    }

    private func failure(_ error: any Error) -> StoreError {
        switch error {
        case let error as StoreError: return error
        case is CancellationError: return .cancelled
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_INTERRUPT, .SQLITE_ABORT: return .cancelled
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                return .corrupt(path: path, detail: "SQLite code \(error.extendedResultCode.rawValue)")
            default: return .unavailable(sqliteCode: error.extendedResultCode.rawValue)
            }
        default: return .unavailable(sqliteCode: 1)
        }
    }
}
