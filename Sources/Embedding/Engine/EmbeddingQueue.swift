/// What waits to be embedded and what is being embedded: two bounded lanes, as a value without threads or a clock.
///
/// A job is one call. Its texts are handed out in order, in chunks that may span jobs; when the last of its vectors is
/// back, the job is done. A job that ends early, by its deadline, by being cancelled or by an error, leaves at once, and
/// vectors that come back for it later are dropped.
struct EmbeddingQueue<Waiter> {
    typealias Instant = ContinuousClock.Instant

    /// A job that has ended, and whom to tell.
    struct Ending {
        var waiter: Waiter
        var result: Result<EmbeddingMatrix, EmbeddingError>
    }

    /// Texts to encode together. Row `i` of their vectors belongs to `texts[i]`.
    struct Chunk {
        struct Text {
            var jobID: Int
            /// Its place in the job.
            var index: Int
            var pieces: [Int32]
        }

        var priority: EmbeddingPriority
        var texts: [Text]
        var pieceCount: Int { texts.reduce(0) { $0 + $1.pieces.count } }
    }

    private struct Job {
        let priority: EmbeddingPriority
        let texts: [[Int32]]
        let deadline: Instant?
        let waiter: Waiter
        /// The first text that has not been handed out.
        var nextIndex = 0
        var doneCount = 0
        var values: [Float]

        /// Pieces that have not been handed out.
        var waitingPieceCount: Int { texts[nextIndex...].reduce(0) { $0 + $1.count } }
    }

    /// Jobs with texts to hand out, first come first served.
    private struct Lane {
        var jobIDs: [Int] = []
        var pieceCount = 0
    }

    init(dimension: Int, limits: EmbeddingEngine.Limits) {
        self.dimension = dimension
        self.limits = limits
    }

    private let dimension: Int
    private let limits: EmbeddingEngine.Limits
    private var jobs: [Int: Job] = [:]
    private var lanes: [EmbeddingPriority: Lane] = [.query: Lane(), .ingestion: Lane()]
    private var nextJobID = 0
    /// Smoothed; starts with what a slow core needs.
    private var secondsPerPiece = 0.0003

    var isEmpty: Bool { jobs.isEmpty }

    func waitingPieceCount(_ priority: EmbeddingPriority) -> Int { lanes[priority, default: Lane()].pieceCount }

    /// Takes a job in, or says why not. A lane that is empty takes any job of at most `callTexts` texts, so that no job
    /// that is allowed at all is refused for ever.
    mutating func submit(
        _ texts: [[Int32]], _ priority: EmbeddingPriority, deadline: Instant?, now: Instant, waiter: Waiter
    ) throws(EmbeddingError) -> Int {
        guard texts.count <= limits.callTexts else { throw .tooManyTexts(count: texts.count, limit: limits.callTexts) }
        if let deadline, deadline <= now { throw .deadlineExceeded }
        let pieceCount = texts.reduce(0) { $0 + $1.count }
        var lane = lanes[priority, default: Lane()]
        let capacity = priority == .query ? limits.queryPieces : limits.ingestionPieces
        guard lane.pieceCount == 0 || lane.pieceCount + pieceCount <= capacity else {
            throw .busy(retryAfter: retryAfter(pieceCount: lane.pieceCount + pieceCount - capacity, priority))
        }
        let id = nextJobID
        nextJobID += 1
        jobs[id] = Job(
            priority: priority, texts: texts, deadline: deadline, waiter: waiter,
            values: [Float](repeating: 0, count: texts.count * dimension))
        lane.jobIDs.append(id)
        lane.pieceCount += pieceCount
        lanes[priority] = lane
        return id
    }

    /// The next texts of a lane, at most `limits.chunkPieces` pieces but at least one text; `nil` when none waits.
    mutating func take(_ priority: EmbeddingPriority) -> Chunk? {
        guard var lane = lanes[priority], !lane.jobIDs.isEmpty else { return nil }
        var chunk = Chunk(priority: priority, texts: [])
        var pieceCount = 0
        var emptiedCount = 0
        filling: for id in lane.jobIDs {
            guard var job = jobs[id] else { preconditionFailure("a lane names a job that has ended") }
            while job.nextIndex < job.texts.count {
                let pieces = job.texts[job.nextIndex]
                if !chunk.texts.isEmpty, pieceCount + pieces.count > limits.chunkPieces {
                    jobs[id] = job
                    break filling
                }
                chunk.texts.append(Chunk.Text(jobID: id, index: job.nextIndex, pieces: pieces))
                pieceCount += pieces.count
                job.nextIndex += 1
            }
            jobs[id] = job
            emptiedCount += 1
        }
        lane.jobIDs.removeFirst(emptiedCount)
        lane.pieceCount -= pieceCount
        lanes[priority] = lane
        return chunk
    }

    /// Files the vectors of a chunk and gives back the jobs that are complete.
    ///
    /// - Parameter values: `dimension` floats for each text of the chunk.
    mutating func finish(_ chunk: Chunk, _ values: [Float], took seconds: Double) -> [Ending] {
        secondsPerPiece += 0.1 * (seconds / Double(max(1, chunk.pieceCount)) - secondsPerPiece)
        var endings: [Ending] = []
        for (row, text) in chunk.texts.enumerated() {
            guard jobs[text.jobID] != nil else { continue }
            let vector = values[row * dimension..<(row + 1) * dimension]
            let squares = vector.reduce(0) { $0 + $1 * $1 }
            // Also false when a component is not a number.
            guard abs(squares - 1) < 1e-3 else {
                end(text.jobID, .failure(.invalidVector(textIndex: text.index)), &endings)
                continue
            }
            let place = text.index * dimension
            jobs[text.jobID]?.values.replaceSubrange(place..<place + dimension, with: vector)
            jobs[text.jobID]?.doneCount += 1
            guard let job = jobs[text.jobID], job.doneCount == job.texts.count else { continue }
            end(text.jobID, .success(EmbeddingMatrix(dimension: dimension, values: job.values)), &endings)
        }
        return endings
    }

    /// Ends every job of a chunk that could not be encoded.
    mutating func fail(_ chunk: Chunk, _ error: EmbeddingError) -> [Ending] {
        var endings: [Ending] = []
        for text in chunk.texts { end(text.jobID, .failure(error), &endings) }
        return endings
    }

    /// Whether anyone still waits for a vector of this chunk.
    func isWanted(_ chunk: Chunk) -> Bool { chunk.texts.contains { jobs[$0.jobID] != nil } }

    /// Ends the jobs whose deadline has passed.
    mutating func expire(now: Instant) -> [Ending] {
        var endings: [Ending] = []
        let expired = jobs.filter { $0.value.deadline.map { $0 <= now } ?? false }
        for id in expired.keys { end(id, .failure(.deadlineExceeded), &endings) }
        return endings
    }

    /// Ends one job; harmless when it has ended.
    mutating func cancel(_ id: Int) -> [Ending] {
        var endings: [Ending] = []
        end(id, .failure(.cancelled), &endings)
        return endings
    }

    /// Ends all jobs.
    mutating func shutDown() -> [Ending] {
        var endings: [Ending] = []
        for id in jobs.keys { end(id, .failure(.shutDown), &endings) }
        return endings
    }

    private mutating func end(_ id: Int, _ result: Result<EmbeddingMatrix, EmbeddingError>, _ endings: inout [Ending]) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        if job.nextIndex < job.texts.count {
            lanes[job.priority]?.pieceCount -= job.waitingPieceCount
            lanes[job.priority]?.jobIDs.removeAll { $0 == id }
        }
        endings.append(Ending(waiter: job.waiter, result: result))
    }

    /// When `pieceCount` more pieces will have left the lane: queries go before ingestion.
    private func retryAfter(pieceCount: Int, _ priority: EmbeddingPriority) -> Duration {
        let ahead = priority == .query ? 0 : waitingPieceCount(.query)
        let seconds = Double(pieceCount + ahead) * secondsPerPiece / Double(limits.threads)
        return .milliseconds(Int(min(max(seconds, 0.05), 60) * 1000))
    }
}
