/// What the writer tells a call.
struct WriteAnswer: Sendable {
    /// One for each operation.
    var results: [Result<WriteResult, StoreError>]
    /// The stored body, where the answer is that of an earlier write.
    var replayedBody: [UInt8]?
}

/// The calls that wait for the writer, and what is known of its pace. A plain value: the store keeps it in a lock.
struct WriteQueue {
    typealias Answer = Result<WriteAnswer, StoreError>

    struct Request: Sendable {
        let tables: CollectionTables
        let operations: [PreparedOperation]
        let atomically: Bool
        /// Only where there is one operation.
        let idempotency: IdempotencyKey?
        let byteCount: Int
        let answer: CheckedContinuation<Answer, Never>
    }

    enum Admission {
        /// The queue was idle: the caller sets the writer going.
        case startsWriter
        case waits
        case refused(StoreError)
    }

    private let limits: StoreLimits
    private var waiting: [Request] = []
    private(set) var operationCount = 0
    private(set) var byteCount = 0
    /// Whether the writer is at work or has been told to start.
    private(set) var isWriting = false
    var isClosed = false
    private(set) var transactionCount = 0
    private(set) var answeredOperationCount = 0
    /// A running mean over transactions.
    private var secondsPerOperation = 0.0005

    init(limits: StoreLimits) {
        self.limits = limits
    }

    mutating func admit(_ request: Request) -> Admission {
        if isClosed { return .refused(.closed) }
        let fits = operationCount + request.operations.count <= limits.queuedOperationCountMax
            && byteCount + request.byteCount <= limits.queuedBytesMax
        guard fits || waiting.isEmpty else { return .refused(.busy(retryAfter: retryAfter)) }
        waiting.append(request)
        operationCount += request.operations.count
        byteCount += request.byteCount
        if isWriting { return .waits }
        isWriting = true
        return .startsWriter
    }

    /// The calls of the next transaction, in the order they came.
    mutating func takeTransaction() -> [Request] {
        var taken = 0
        var operations = 0
        for request in waiting {
            if taken > 0, operations + request.operations.count > limits.transactionOperationCountMax { break }
            operations += request.operations.count
            taken += 1
        }
        let requests = Array(waiting.prefix(taken))
        waiting.removeFirst(taken)
        operationCount -= operations
        for request in requests { byteCount -= request.byteCount }
        return requests
    }

    /// - Returns: Whether more is waiting; otherwise the writer is at rest.
    mutating func finished(operations: Int, transactions: Int, seconds: Double) -> Bool {
        transactionCount += transactions
        answeredOperationCount += operations
        secondsPerOperation += (seconds / Double(max(operations, 1)) - secondsPerOperation) * 0.1
        isWriting = !waiting.isEmpty
        return isWriting
    }

    /// How long the writer needs for what waits, at its recent pace.
    private var retryAfter: Duration {
        .seconds(min(max(Double(operationCount) * secondsPerOperation, 0.05), 5))
    }
}
