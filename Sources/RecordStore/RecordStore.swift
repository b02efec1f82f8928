import Foundation
import GRDB
import NIOConcurrencyHelpers

/// The records of a node, on disk: the source of truth, from which every index can be built again.
///
/// One SQLite file in WAL mode. One writer commits whatever waits in one transaction, with one sync; readers see the last
/// commit and never wait for it. Every committed change has the next `seq` (gap-free, over all collections), and `feed`
/// gives the changes after any of them.
///
/// It does not validate, embed or search by meaning, and it knows neither HTTP nor sockets.
public final class RecordStore: RecordStoring {
    /// Told after each commit, on the writer's queue, before its callers are answered: it must not block.
    public typealias CommitObserver = @Sendable (_ collections: Set<String>, _ headSeq: Int64) -> Void

    public let storeID: String
    public let limits: StoreLimits
    let pool: DatabasePool
    let shortReaders: ShortReaders
    let state: NIOLockedValueBox<State>
    private let directory: StoreDirectory
    /// The database file as it was when it was opened.
    let openedFile: FileIdentity?
    private let digestKey: (UInt64, UInt64)
    private let onCommit: CommitObserver?
    let now: @Sendable () -> Int64

    struct State {
        var queue: WriteQueue
        /// Changed by the writer alone.
        var tables: [String: CollectionTables]
        var headSeq: Int64
        var idempotency: IdempotencyLedger
        var readCount = 0
        var isBackingUp = false
        var failedTransactionCount = 0
        /// Whether the last transaction failed for the state of the disk, not for what was to be written.
        var isUnwritable = false
        var transactionSizes = Distribution(bounds: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500])
        var commitSeconds = Distribution(bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Opens the store in `directory`, or makes one there. Blocks for as long as that takes: the check of the file, and
    /// filling new columns from the bodies where the declarations changed.
    ///
    /// - Parameters:
    ///   - directory: Made where it is missing. One process at a time can have it open.
    ///   - reembeds: Whether the caller makes new vectors where a declaration changed what or how records are embedded
    ///     (`vectorState(of:)` tells), instead of being refused.
    ///   - derive: Reads the records where a declaration changed. Needed only where it gained columns or changed its key
    ///     while rows exist.
    ///   - now: Microseconds since 1970-01-01T00:00:00Z, for the records' timestamps; `nil`: the system's clock.
    public init(
        directory path: String, collections: [StoredCollection], limits: StoreLimits = StoreLimits(),
        reembeds: Bool = false, derive: RowDerivation? = nil, now: (@Sendable () -> Int64)? = nil, onCommit: CommitObserver? = nil
    ) throws(StoreError) {
        let hasRetiredTables: Bool
        directory = try StoreDirectory(path: path)
        pool = try DatabaseFile.open(directory, limits: limits)
        do {
            let opened = try pool.write { db in
                let prepared = try CollectionCatalog(db: db, derive: derive, reembeds: reembeds)
                    .prepare(collections)
                let storeID = try db.texts("SELECT store_id FROM store").first
                let headSeq = try db.integer("SELECT value FROM counters WHERE name = 'head_seq'")
                let digestKey = try db.texts("SELECT digest_key FROM store").first
                let ledger = try IdempotencyLedger(db, limits: limits)
                return (prepared, storeID, headSeq, ledger, digestKey, try RetiredTable.exists(db))
            }
            guard let storeID = opened.1, let headSeq = opened.2, let key = opened.4 else {
                throw StoreError.corrupt(path: directory.databasePath, detail: "the store's id or counter is missing")
            }
            self.storeID = storeID
            digestKey = Self.digestKey(key)
            state = NIOLockedValueBox(
                State(
                    queue: WriteQueue(limits: limits),
                    tables: Dictionary(uniqueKeysWithValues: opened.0.map { ($0.name, $0) }), headSeq: headSeq,
                    idempotency: opened.3))
            hasRetiredTables = opened.5
            shortReaders = try ShortReaders(path: directory.databasePath, count: limits.readerCount)
        } catch let error as StoreError {
            throw error
        } catch {
            throw DatabaseFile.openingError(error, path: directory.databasePath)
        }
        openedFile = FileIdentity(path: directory.databasePath)
        self.limits = limits
        self.onCommit = onCommit
        self.now = now ?? { StoreClock.now() }
        if hasRetiredTables { sweepRetiredTables() }
    }

    /// The two halves of a UUID.
    private static func digestKey(_ id: String) -> (UInt64, UInt64) {
        let digits = id.utf8.filter { $0 != UInt8(ascii: "-") }
        return (
            UInt64(String(decoding: digits.prefix(16), as: UTF8.self), radix: 16) ?? 0,
            UInt64(String(decoding: digits.dropFirst(16), as: UTF8.self), radix: 16) ?? 0
        )
    }

    /// The API keys and users of this store.
    public var accounts: AccountDatabase { AccountDatabase(access: self, now: now) }

    public var headSeq: Int64 { state.withLockedValue { $0.headSeq } }

    var tables: [String: CollectionTables] { state.withLockedValue(\.tables) }

    func tables(of collection: String) throws(StoreError) -> CollectionTables {
        guard let tables = tables[collection] else { throw .unknownCollection(collection) }
        return tables
    }

    func preparation(for tables: CollectionTables) -> RecordPreparation {
        RecordPreparation(tables: tables, digestKey: digestKey)
    }

    // MARK: Writing

    public func write(
        _ operations: [WriteOperation], to collection: String, atomically: Bool
    ) async throws(StoreError) -> [Result<WriteResult, StoreError>] {
        let tables = try tables(of: collection)
        if operations.isEmpty { return [] }
        return try await submit(operations, to: tables, atomically: atomically, idempotency: nil).results
    }

    /// Has the writer do it with its next transaction, and waits until that is on disk.
    func submit(
        _ operations: [WriteOperation], to tables: CollectionTables, atomically: Bool, idempotency: IdempotencyKey?
    ) async throws(StoreError) -> WriteAnswer {
        let preparation = preparation(for: tables)
        let prepared = operations.map(preparation.prepare)
        let byteCount = prepared.reduce(0) { $0 + $1.byteCount }
        let answer = await withCheckedContinuation { (continuation: CheckedContinuation<WriteQueue.Answer, Never>) in
            let request = WriteQueue.Request(
                tables: tables, operations: prepared, atomically: atomically, idempotency: idempotency,
                byteCount: byteCount, answer: continuation)
            switch state.withLockedValue({ $0.queue.admit(request) }) {
            case .startsWriter: pool.asyncWriteWithoutTransaction { self.writeTransaction($0) }
            case .waits: break
            case .refused(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try answer.get()
    }

    /// Commits everything that waits, answers, and goes again if more has come meanwhile.
    private func writeTransaction(_ db: Database) {
        let requests = state.withLockedValue { $0.queue.takeTransaction() }
        let start = ContinuousClock.now
        var transactionCount = 1
        var answers: [WriteQueue.Answer]
        do {
            answers = try commit(requests, db)
        } catch {
            if requests.count > 1, Self.isOfOneOperation(error) {
                // Nobody else is to suffer for one request that SQLite refuses: each gets a transaction of its own.
                transactionCount = requests.count
                answers = requests.map { request in
                    do { return try commit([request], db)[0] } catch { return .failure(Self.writingError(error)) }
                }
            } else {
                answers = requests.map { _ in .failure(Self.writingError(error)) }
            }
        }
        let operationCount = requests.reduce(0) { $0 + $1.operations.count }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        note(answers, operationCount: operationCount, seconds: elapsed)
        for (request, answer) in zip(requests, answers) { request.answer.resume(returning: answer) }
        let (hasMore, waiters) = state.withLockedValue { state in
            let hasMore = state.queue.finished(
                operations: operationCount, transactions: transactionCount, seconds: elapsed)
            defer { if !hasMore { state.closeWaiters = [] } }
            return (hasMore, hasMore ? [] : state.closeWaiters)
        }
        for waiter in waiters { waiter.resume() }
        // Through the queue again, not in a loop here: checkpoints and checks get their turn in between.
        guard hasMore else { return }
        // Those who were answered just now often write again at once; with them the next sync serves twice as many (what
        // PostgreSQL calls commit_delay).
        if requests.count > 1 { usleep(UInt32(Self.groupingPause(after: elapsed) * 1e6)) }
        pool.asyncWriteWithoutTransaction { self.writeTransaction($0) }
    }

    /// Seconds to wait for more writes before the next transaction: a fifth of what the last one took, at most half a
    /// millisecond.
    private static func groupingPause(after seconds: Double) -> Double { min(seconds / 5, 0.0005) }

    private func note(_ answers: [WriteQueue.Answer], operationCount: Int, seconds: Double) {
        let isUnwritable = answers.contains { answer in
            if case .failure(.unavailable) = answer { true } else { false }
        }
        state.withLockedValue { state in
            state.isUnwritable = isUnwritable
            if isUnwritable { state.failedTransactionCount += 1 }
            state.transactionSizes.observe(Double(operationCount))
            state.commitSeconds.observe(seconds)
        }
    }

    /// One transaction: on return it is on disk, when it throws nothing of it is.
    private func commit(_ requests: [WriteQueue.Request], _ db: Database) throws -> [WriteQueue.Answer] {
        var (session, tables) = state.withLockedValue { state in
            let session = WriteSession(db, headSeq: state.headSeq, idempotency: state.idempotency, now: now())
            return (session, state.tables)
        }
        let before = session.seq
        var answers: [WriteQueue.Answer] = []
        var touched: Set<String> = []
        try db.inTransaction(.immediate) {
            for request in requests {
                let seq = session.seq
                answers.append(
                    try session.apply(request, to: tables[request.tables.name] ?? request.tables))
                if session.seq != seq { touched.insert(request.tables.name) }
            }
            guard session.isChanged else { return .rollback }
            try session.finish()
            return .commit
        }
        if session.isChanged {
            state.withLockedValue { state in
                state.headSeq = session.seq
                state.idempotency = session.idempotency
            }
        }
        if session.seq != before { onCommit?(touched, session.seq) }
        return answers
    }

    /// Whether SQLite objects to what one operation brought, and not to the state of the disk.
    private static func isOfOneOperation(_ error: any Error) -> Bool {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_TOOBIG, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_ERROR: true
        default: false
        }
    }

    static func writingError(_ error: any Error) -> StoreError {
        if let error = error as? StoreError { return error }
        return .unavailable(sqliteCode: (error as? DatabaseError)?.extendedResultCode.rawValue ?? 1)
    }

    // MARK: Closing

    public func close() async throws(StoreError) {
        let alreadyClosed = state.withLockedValue { state in
            defer { state.queue.isClosed = true }
            return state.queue.isClosed
        }
        if alreadyClosed { throw .closed }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isIdle = state.withLockedValue { state in
                if state.queue.isWriting { state.closeWaiters.append(continuation) }
                return !state.queue.isWriting
            }
            if isIdle { continuation.resume() }
        }
        do {
            // What the log still holds is safe in it: if the checkpoint cannot be done, the next opening does it.
            _ = try? await pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
            shortReaders.close()
            try pool.close()
        } catch {
            throw Self.writingError(error)
        }
        directory.release()
    }

    /// The size of the write-ahead log file.
    var walBytes: Int { StoreDirectory.fileBytes(directory.walPath) ?? 0 }
    var databasePath: String { directory.databasePath }
    var directoryPath: String { directory.path }
}
