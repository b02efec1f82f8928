extension EmbeddingEngine {
    /// What callers and threads share. The threads hold it, not the engine, so that the engine can go away.
    final class Core: Sendable {
        typealias Waiter = CheckedContinuation<Result<EmbeddingMatrix, EmbeddingError>, Never>

        private struct State {
            var queue: EmbeddingQueue<Waiter>
            /// Without what `queue` and the cache know themselves.
            var figures = EmbeddingFigures()
            var isShutDown = false
            var threadCount = 0
            var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
        }

        let limits: Limits
        private let encoder: any TextEncoder
        private let monitor: Monitor<State>
        private let queryCache: Monitor<QueryCache>

        init(dimension: Int, limits: Limits, encoder: any TextEncoder) {
            self.limits = limits
            self.encoder = encoder
            monitor = Monitor(State(queue: EmbeddingQueue(dimension: dimension, limits: limits)))
            queryCache = Monitor(QueryCache(capacity: limits.cachedQueries))
        }

        func start() {
            monitor.withLock { $0.threadCount = limits.threads }
            for index in 0..<limits.threads {
                NamedThread.start(name: "kazi-embed-\(index)", niceness: limits.niceness) { self.run() }
            }
        }

        // MARK: Callers

        func cachedVector(for pieces: [Int32]) -> [Float]? {
            let vector = queryCache.withLock { $0.vector(for: pieces) }
            monitor.withLock { state in
                if vector == nil { state.figures.cacheMissCount += 1 } else { state.figures.cacheHitCount += 1 }
            }
            return vector
        }

        func cache(_ vector: [Float], for pieces: [Int32]) { queryCache.withLock { $0.insert(vector, for: pieces) } }

        /// Takes note of texts that were given a vector.
        func count(texts count: Int, _ priority: EmbeddingPriority) {
            monitor.withLock { state in
                switch priority {
                case .query: state.figures.query.textCount += UInt64(count)
                case .ingestion: state.figures.ingestion.textCount += UInt64(count)
                }
            }
        }

        var figures: EmbeddingFigures {
            let cachedCount = queryCache.withLock(\.count)
            return monitor.withLock { state in
                var figures = state.figures
                figures.query.waitingPieceCount = state.queue.waitingPieceCount(.query)
                figures.ingestion.waitingPieceCount = state.queue.waitingPieceCount(.ingestion)
                figures.cachedCount = cachedCount
                return figures
            }
        }

        func waitingPieceCount(_ priority: EmbeddingPriority) -> Int {
            monitor.withLock { $0.queue.waitingPieceCount(priority) }
        }

        func encode(
            _ pieces: [[Int32]], _ priority: EmbeddingPriority, deadline: ContinuousClock.Instant?
        ) async throws(EmbeddingError) -> EmbeddingMatrix {
            guard !Task.isCancelled else { throw .cancelled }
            // The job's number is known only once it is in the queue, which may be after the cancellation.
            let jobID = Monitor<Int?>(nil)
            let result = await withTaskCancellationHandler {
                await withCheckedContinuation { (waiter: Waiter) in
                    do throws(EmbeddingError) {
                        let id = try submit(pieces, priority, deadline: deadline, waiter)
                        jobID.withLock { $0 = id }
                        // Cancelled before that line, the handler below found no number.
                        if Task.isCancelled { cancel(id) }
                    } catch {
                        waiter.resume(returning: .failure(error))
                    }
                }
            } onCancel: {
                if let id = jobID.withLock({ $0 }) { cancel(id) }
            }
            let matrix = try result.get()
            count(texts: pieces.count, priority)
            return matrix
        }

        private func submit(
            _ pieces: [[Int32]], _ priority: EmbeddingPriority, deadline: ContinuousClock.Instant?, _ waiter: Waiter
        ) throws(EmbeddingError) -> Int {
            let id = try monitor.withLock { state throws(EmbeddingError) in
                guard !state.isShutDown else { throw .shutDown }
                do throws(EmbeddingError) {
                    return try state.queue.submit(pieces, priority, deadline: deadline, now: .now, waiter: waiter)
                } catch {
                    if case .busy = error {
                        switch priority {
                        case .query: state.figures.query.refusedCount += 1
                        case .ingestion: state.figures.ingestion.refusedCount += 1
                        }
                    }
                    throw error
                }
            }
            monitor.wakeOne()
            return id
        }

        private func cancel(_ id: Int) { tell(monitor.withLock { $0.queue.cancel(id) }) }

        /// Callers are told outside the lock: what they do next is not ours to wait for.
        private func tell(_ endings: [EmbeddingQueue<Waiter>.Ending]) {
            for ending in endings { ending.waiter.resume(returning: ending.result) }
        }

        // MARK: Threads

        private func run() {
            let workspace = EncoderWorkspace(), queryWorkspace = EncoderWorkspace()
            while let chunk = nextChunk() {
                switch chunk.priority {
                case .query: encode(chunk, workspace: queryWorkspace) {}
                case .ingestion: encode(chunk, workspace: workspace) { self.encodeQueries(workspace: queryWorkspace) }
                }
            }
            let waiters = monitor.withLock { state in
                state.threadCount -= 1
                guard state.threadCount == 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.shutdownWaiters = [] }
                return state.shutdownWaiters
            }
            for waiter in waiters { waiter.resume() }
        }

        /// Waits for work, queries first; `nil` once the engine is shut down.
        private func nextChunk() -> EmbeddingQueue<Waiter>.Chunk? {
            while true {
                let (chunk, expired, isShutDown) = monitor.wait { state in
                    let expired = state.queue.expire(now: .now)
                    let chunk = state.queue.take(.query) ?? state.queue.take(.ingestion)
                    return chunk != nil || !expired.isEmpty || state.isShutDown ? (chunk, expired, state.isShutDown) : nil
                }
                tell(expired)
                if isShutDown { return nil }
                if let chunk { return chunk }
            }
        }

        /// Encodes what has come into the query lane while an ingestion chunk is under way.
        private func encodeQueries(workspace: EncoderWorkspace) {
            while let chunk = monitor.withLock({ $0.queue.take(.query) }) { encode(chunk, workspace: workspace) {} }
        }

        private func encode(_ chunk: EmbeddingQueue<Waiter>.Chunk, workspace: EncoderWorkspace, betweenLayers: () -> Void) {
            let clock = ContinuousClock()
            let start = clock.now
            var elsewhere = Duration.zero
            do {
                let (values, isDone) = try encoder.vectors(of: chunk.texts.map(\.pieces), workspace: workspace) {
                    let pause = clock.now
                    let (expired, isWanted) = monitor.withLock { ($0.queue.expire(now: pause), $0.queue.isWanted(chunk)) }
                    tell(expired)
                    guard isWanted else { return false }
                    betweenLayers()
                    elsewhere += clock.now - pause
                    return true
                }
                guard isDone else { return }
                let seconds = (clock.now - start - elsewhere) / .seconds(1)
                tell(
                    monitor.withLock { state in
                        state.figures.encodingSeconds += seconds
                        state.figures.encodedPieceCount += UInt64(chunk.pieceCount)
                        return state.queue.finish(chunk, values, took: seconds)
                    })
            } catch {
                tell(monitor.withLock { $0.queue.fail(chunk, error) })
            }
        }

        // MARK: Ending

        /// Refuses new work and fails what waits; the threads end by themselves within a layer's time.
        func beginShutdown() {
            tell(
                monitor.withLock { state in
                    state.isShutDown = true
                    return state.queue.shutDown()
                })
            monitor.wakeAll()
        }

        func shutdown() async {
            beginShutdown()
            await withCheckedContinuation { waiter in
                let isOver = monitor.withLock { state in
                    if state.threadCount > 0 { state.shutdownWaiters.append(waiter) }
                    return state.threadCount == 0
                }
                if isOver { waiter.resume() }
            }
        }
    }
}
