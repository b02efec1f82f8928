/// One import: several senders take batches from one source until it is empty.
struct ImportRun: Sendable {
    let source: ImportSource
    let sender: BatchSender
    let ledger: ImportLedger
    /// Batches on their way at once, 1...64.
    let connectionCount: Int

    /// Returns when every record has an outcome.
    ///
    /// - Throws: `ImportFileError`, `GatewayFailure`, `CommandFailure` (the errors file), `CancellationError`. What was
    ///   accepted by then is in the ledger.
    func run() async throws {
        await ledger.showStart()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<connectionCount {
                group.addTask {
                    while let batch = try await source.nextBatch() {
                        let outcomes = try await sender.send(batch.entries)
                        try await ledger.record(batch, outcomes)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
