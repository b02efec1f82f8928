import GRDB

/// How many idempotency keys there are, how large and how old, so that a transaction without any does not look at the
/// table. The writer's alone.
struct IdempotencyLedger: Sendable, Equatable {
    /// Rows that a transaction forgets beyond twice those it adds: old keys go faster than new ones come, and no
    /// transaction is long because of them.
    private static let pruneStepCount = 64

    private let retentionMicroseconds: Int64
    private let rowCountMax, byteCountMax: Int
    private(set) var rowCount: Int
    private(set) var byteCount: Int
    /// When the row with the lowest id was written; `nil` where there is none.
    private var oldestAt: Int64?
    /// Rows added by the transaction at hand.
    private var addedCount = 0

    init(_ db: Database, limits: StoreLimits) throws {
        let (seconds, attoseconds) = limits.idempotencyRetention.components
        let (microseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        // Half the range of the clock, so that adding it to a time does not overflow.
        retentionMicroseconds = overflows
            ? Int64.max / 2 : min(max(microseconds + attoseconds / 1_000_000_000_000, 0), Int64.max / 2)
        rowCountMax = limits.idempotencyKeyCountMax
        byteCountMax = limits.idempotencyBytesMax
        rowCount = Int(try db.integer("SELECT value FROM counters WHERE name = 'idempotency_keys'") ?? 0)
        byteCount = Int(try db.integer("SELECT value FROM counters WHERE name = 'idempotency_bytes'") ?? 0)
        oldestAt = try IdempotencyTable(db: db).oldest(limit: 1).first?.createdAt
    }

    func isExpired(_ createdAt: Int64, now: Int64) -> Bool { createdAt + retentionMicroseconds <= now }

    mutating func begin() { addedCount = 0 }

    mutating func added(byteCount: Int, at createdAt: Int64) {
        rowCount += 1
        self.byteCount += byteCount
        addedCount += 1
        oldestAt = oldestAt ?? createdAt
    }

    mutating func removed(byteCount: Int) {
        rowCount -= 1
        self.byteCount -= byteCount
    }

    /// Forgets what has expired, and the oldest beyond the bounds of the table; as many as one transaction may.
    mutating func prune(_ db: Database, now: Int64) throws {
        guard needsPruning(now) else { return }
        let table = IdempotencyTable(db: db)
        let limit = Self.pruneStepCount + 2 * addedCount
        // One more than may go, to know how old the oldest is that stays.
        let rows = try table.oldest(limit: limit + 1)
        oldestAt = rows.first?.createdAt
        for (index, row) in rows.enumerated() where needsPruning(now) {
            if index == limit { return }
            try table.delete(row.id)
            removed(byteCount: row.byteCount)
            oldestAt = index + 1 < rows.count ? rows[index + 1].createdAt : nil
        }
    }

    private func needsPruning(_ now: Int64) -> Bool {
        guard let oldestAt else { return false }
        return isExpired(oldestAt, now: now) || rowCount > rowCountMax || byteCount > byteCountMax
    }

    func save(_ db: Database) throws {
        for (name, value) in [("idempotency_keys", rowCount), ("idempotency_bytes", byteCount)] {
            try db.run(
                "UPDATE counters SET value = ? WHERE name = ?", [.integer(Int64(value)), .text([UInt8](name.utf8))],
                cached: true)
        }
    }
}
