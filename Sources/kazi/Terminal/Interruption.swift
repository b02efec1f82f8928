import UnixSignals

/// Ctrl-C, SIGTERM and the loss of the terminal as cancellation.
enum Interruption {
    /// Runs `body` to its end, or cancels it when a signal comes.
    ///
    /// - Returns: Whether a signal ended it; what `body` threw after that is dropped.
    static func stopping(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return false
            }
            group.addTask {
                for await _ in signals { return true }
                return false
            }
            let wasInterrupted = try await group.next() ?? false
            group.cancelAll()
            do {
                try await group.waitForAll()
            } catch where wasInterrupted {
                // It was asked to stop and has.
            }
            return wasInterrupted
        }
    }
}
