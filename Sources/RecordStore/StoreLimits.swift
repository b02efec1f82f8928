/// What the store may take of memory and time.
public struct StoreLimits: Sendable, Hashable {
    /// Operations that may wait for the writer.
    public var queuedOperationCountMax = 20_000
    /// Bytes of bodies, keys, values and vectors that may wait for the writer. One call with more than this is accepted
    /// when nothing else waits.
    public var queuedBytesMax = 128 << 20
    /// Operations after which a transaction takes no further call in.
    public var transactionOperationCountMax = 10_000
    /// Reads that may run or wait at once.
    public var readCountMax = 1024
    /// Connections that read.
    public var readerCount = 4
    /// A feed page takes no further row once its values have this many bytes.
    public var feedPageBytesMax = 16 << 20
    /// A database of up to this size is checked as a whole at opening; of a larger one, that it is not cut short, its
    /// schema, and both ends of every table.
    public var openingCheckBytesMax = 128 << 20
    /// Pages of 4 KiB beyond which the database does not grow; writes then fail as on a full disk. `nil`: no limit.
    public var databasePageCountMax: Int? = nil

    /// How long an idempotency key is remembered.
    public var idempotencyRetention: Duration = .seconds(24 * 60 * 60)
    /// Idempotency keys beyond which the oldest are forgotten before their time.
    public var idempotencyKeyCountMax = 1_000_000
    /// Bytes of stored answers beyond which the oldest keys are forgotten before their time.
    public var idempotencyBytesMax = 1 << 30

    public init() {}
}

/// How the store is doing, for health checks and metrics.
public struct StoreStatistics: Sendable, Hashable {
    public var headSeq: Int64
    /// Pages of the database file, free ones included.
    public var pageCount: Int
    /// Pages of the file that hold nothing; new rows go there first.
    public var freePageCount: Int
    public var pageBytes: Int
    /// The size of the database file on disk. What the log still holds may not be in it yet.
    public var databaseBytes: Int
    /// The size of the write-ahead log file.
    public var walBytes: Int
    /// Idempotency keys that are remembered, and about what they take.
    public var idempotencyKeyCount: Int
    public var idempotencyBytes: Int
    /// Operations that wait for the writer.
    public var queuedOperationCount: Int
    public var queuedBytes: Int
    /// Reads that run or wait.
    public var readCount: Int
    /// Since opening.
    public var transactionCount: Int
    /// Operations that those transactions answered.
    public var operationCount: Int
    /// Transactions that failed, so that nothing of them was written.
    public var failedTransactionCount: Int
    /// Operations in one transaction.
    public var transactionSizes: Distribution
    /// Seconds from the first operation of a transaction to its being on disk.
    public var commitSeconds: Distribution
}
