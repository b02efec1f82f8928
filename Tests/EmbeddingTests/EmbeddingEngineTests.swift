import Glibc
import Testing

@testable import Embedding

/// An encoder that a test holds up: every call waits at its first layer until the gate lets it pass. The vector of a text
/// is one-hot at its piece count.
private final class GatedEncoder: TextEncoder {
    struct State {
        var passes = 0
        var isOpen = false
        /// The first piece counts of the batches, in the order in which they began.
        var batches: [[Int]] = []
        var error: EmbeddingError?
        var isBroken = false
    }

    let state = Monitor(State())

    func vectors(
        of texts: [[Int32]], workspace: EncoderWorkspace, betweenLayers: () -> Bool
    ) throws(EmbeddingError) -> (values: [Float], isDone: Bool) {
        state.withLock { $0.batches.append(texts.map(\.count)) }
        state.wakeAll()
        state.wait { state -> Void? in
            guard state.isOpen || state.passes > 0 else { return nil }
            state.passes -= state.isOpen ? 0 : 1
            return ()
        }
        let (error, isBroken) = state.withLock { ($0.error, $0.isBroken) }
        if let error { throw error }
        guard betweenLayers() else { return ([], false) }
        var values = [Float](repeating: 0, count: texts.count * 384)
        for (row, text) in texts.enumerated() { values[row * 384 + text.count] = isBroken ? .nan : 1 }
        return (values, true)
    }

    func open() {
        state.withLock { $0.isOpen = true }
        state.wakeAll()
    }

    func pass() {
        state.withLock { $0.passes += 1 }
        state.wakeAll()
    }

    /// Waits until `count` batches have begun.
    func began(_ count: Int) async { await until { self.state.withLock { $0.batches.count } >= count } }

    var batches: [[Int]] { state.withLock { $0.batches } }
}

/// Waits for a condition that another thread brings about; the time limit of the test is the deadline.
private func until(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}

@Suite("Embedding engine", .needsModel, .timeLimit(.minutes(10))) struct EmbeddingEngineTests {
    private let encoder = GatedEncoder()

    private func makeEngine(_ change: (inout EmbeddingEngine.Limits) -> Void = { _ in }) throws -> EmbeddingEngine {
        var limits = EmbeddingEngine.Limits()
        limits.threads = 1
        change(&limits)
        return EmbeddingEngine(model: try Fixtures.model.get(), limits: limits, encoder: encoder)
    }

    /// A text of so many pieces, `[CLS]` and `[SEP]` included.
    private func text(pieces: Int) -> String { String(repeating: "word ", count: pieces - 2) }

    @Test func `gives each text its own vector, in order, across chunks`() async throws {
        let engine = try makeEngine { $0.chunkPieces = 16 }
        encoder.open()
        let counts = [3, 9, 4, 12, 30, 2, 5]
        let matrix = try await engine.embed(counts.map(text), priority: .ingestion, deadline: nil)
        #expect(matrix.rowCount == counts.count)
        #expect(counts.indices.map { matrix[row: $0].firstIndex(of: 1)! - $0 * 384 } == counts)
        #expect(encoder.batches == [[3, 9, 4], [12], [30], [2, 5]])
        #expect(try await engine.embed([], priority: .query, deadline: nil).rowCount == 0)
        await engine.shutdown()
    }

    @Test func `lets a query into the middle of an ingestion chunk`() async throws {
        let engine = try makeEngine { $0.chunkPieces = 16 }
        async let ingestion = engine.embed([text(pieces: 10), text(pieces: 11)], priority: .ingestion, deadline: nil)
        await encoder.began(1)
        async let query = engine.embed(text(pieces: 5))
        await until { engine.waitingPieceCount(.query) == 5 }
        encoder.open()
        #expect(try await query[5] == 1)
        #expect(try await ingestion.rowCount == 2)
        #expect(encoder.batches == [[10], [5], [11]])
        await engine.shutdown()
    }

    @Test func `refuses what its lane has no room for and says when to come again`() async throws {
        let engine = try makeEngine {
            $0.ingestionPieces = 20
            $0.callTexts = 3
        }
        async let first = engine.embed([text(pieces: 10)], priority: .ingestion, deadline: nil)
        await encoder.began(1)
        // The lane is empty again: it takes one job of any size, then only what fits.
        async let second = engine.embed([text(pieces: 30)], priority: .ingestion, deadline: nil)
        await until { engine.waitingPieceCount(.ingestion) == 30 }
        let busy = await #expect(throws: EmbeddingError.self) { try await engine.embed([text(pieces: 3)], priority: .ingestion, deadline: nil) }
        guard case .busy(let retryAfter) = busy else { Issue.record("not busy: \(String(describing: busy))"); return }
        #expect(retryAfter >= .milliseconds(50) && retryAfter <= .seconds(60))
        await #expect(throws: EmbeddingError.tooManyTexts(count: 4, limit: 3)) {
            try await engine.embed(["a", "b", "c", "d"], priority: .query, deadline: nil)
        }
        encoder.open()
        #expect(try await first.rowCount + second.rowCount == 2)
        #expect(engine.waitingPieceCount(.ingestion) == 0)
        await engine.shutdown()
    }

    @Test func `drops what is cancelled, waiting or under way`() async throws {
        let engine = try makeEngine()
        let underWay = Task { try await engine.embed([text(pieces: 10)], priority: .ingestion, deadline: nil) }
        await encoder.began(1)
        let waiting = Task { try await engine.embed([text(pieces: 20)], priority: .ingestion, deadline: nil) }
        await until { engine.waitingPieceCount(.ingestion) == 20 }
        waiting.cancel()
        await #expect(throws: EmbeddingError.cancelled) { try await waiting.value }
        #expect(engine.waitingPieceCount(.ingestion) == 0)
        underWay.cancel()
        await #expect(throws: EmbeddingError.cancelled) { try await underWay.value }
        encoder.open()
        #expect(try await engine.embed(text(pieces: 7), priority: .ingestion)[7] == 1)
        #expect(encoder.batches == [[10], [7]])
        await engine.shutdown()
    }

    @Test func `does not begin for a task that is already cancelled`() async throws {
        let engine = try makeEngine()
        encoder.open()
        let task = Task {
            await until { Task.isCancelled }
            return try await engine.embed("a")
        }
        task.cancel()
        await #expect(throws: EmbeddingError.cancelled) { try await task.value }
        await engine.shutdown()
    }

    @Test func `drops what is past its deadline, before and between layers`() async throws {
        let engine = try makeEngine()
        await #expect(throws: EmbeddingError.deadlineExceeded) {
            try await engine.embed("late", deadline: .now - .milliseconds(1))
        }
        async let underWay = engine.embed([text(pieces: 10)], priority: .ingestion, deadline: nil)
        await encoder.began(1)
        let deadline = ContinuousClock.now + .milliseconds(20)
        let waiting = Task { try await engine.embed([text(pieces: 20)], priority: .query, deadline: deadline) }
        // On a busy machine the task may begin after its deadline, and never wait: it is too late either way.
        await until { ContinuousClock.now > deadline }
        encoder.open()
        await #expect(throws: EmbeddingError.deadlineExceeded) { try await waiting.value }
        #expect(try await underWay.rowCount == 1)
        #expect(encoder.batches == [[10]])
        await engine.shutdown()
    }

    @Test func `fails everything at shutdown and takes nothing more`() async throws {
        let engine = try makeEngine()
        let underWay = Task { try await engine.embed([text(pieces: 10)], priority: .ingestion, deadline: nil) }
        await encoder.began(1)
        let waiting = Task { try await engine.embed(text(pieces: 20)) }
        await until { engine.waitingPieceCount(.query) == 20 }
        async let shutdown: Void = engine.shutdown()
        await #expect(throws: EmbeddingError.shutDown) { try await underWay.value }
        await #expect(throws: EmbeddingError.shutDown) { try await waiting.value }
        encoder.open()
        await shutdown
        await engine.shutdown()
        await #expect(throws: EmbeddingError.shutDown) { try await engine.embed("a") }
    }

    @Test func `passes on that the model is unreadable, and goes on`() async throws {
        let engine = try makeEngine()
        encoder.open()
        encoder.state.withLock { $0.error = .modelUnreadable(errno: EIO) }
        await #expect(throws: EmbeddingError.modelUnreadable(errno: EIO)) { try await engine.embed("a") }
        encoder.state.withLock { $0.error = nil }
        #expect(try await engine.embed("a")[3] == 1)
        await engine.shutdown()
    }

    @Test func `never gives out a vector that is not finite`() async throws {
        let engine = try makeEngine()
        encoder.open()
        encoder.state.withLock { $0.isBroken = true }
        await #expect(throws: EmbeddingError.invalidVector(textIndex: 0)) { try await engine.embed(["a", "b"], priority: .ingestion, deadline: nil) }
        await engine.shutdown()
    }

    @Test func `remembers the last queries by their pieces`() async throws {
        let engine = try makeEngine { $0.cachedQueries = 2 }
        encoder.open()
        for text in ["nurse", " NURSE ", "nurse", "doctor", "nurse", "driver", "nurse", "doctor"] { _ = try await engine.embed(text) }
        // The driver took the place of the doctor, who had to be encoded again.
        #expect(encoder.batches.count == 4)
        await engine.shutdown()
    }

    @Test func `encodes with the real model what many tasks ask at once`() async throws {
        let model = try Fixtures.model.get()
        var limits = EmbeddingEngine.Limits()
        limits.threads = 2
        let engine = EmbeddingEngine(model: model, limits: limits)
        let alone = try await engine.embed("registered nurse")
        #expect(abs(alone.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        #expect(engine.digest.count == 64)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let priority: EmbeddingPriority = index % 2 == 0 ? .query : .ingestion
                    let matrix = try await engine.embed(["text \(index)", "registered nurse"], priority: priority, deadline: nil)
                    #expect(matrix.vector(at: 1) == alone)
                }
            }
            try await group.waitForAll()
        }
        await engine.shutdown()
    }
}
