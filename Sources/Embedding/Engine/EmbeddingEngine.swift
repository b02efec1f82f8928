import Glibc

/// The embedded model as a provider: a few threads of their own that encode, so that neither the pool behind `async`
/// code nor an HTTP loop ever waits for arithmetic.
///
/// Two lanes wait for the threads. Queries go first, even into the middle of an ingestion chunk: between two layers of
/// it, waiting queries are encoded, so a query waits for a layer of a chunk, not for the chunk. Texts are not padded to
/// one another, so a chunk is simply the next texts in line.
public final class EmbeddingEngine: EmbeddingProvider {
    public struct Limits: Sendable, Hashable {
        /// Threads that encode, at least 1. By default half of the processors: HTTP and search need the others.
        public var threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
        /// How far the threads stand back behind others of the process, 0...19.
        public var niceness: Int32 = 5
        /// Texts in one call.
        public var callTexts = 4096
        /// Pieces that wait in the query lane, about a second's work of one core.
        public var queryPieces = 8192
        /// Pieces that wait in the ingestion lane, about 20 seconds' work of one core.
        public var ingestionPieces = 131_072
        /// Pieces encoded together. More bring no speed; fewer let a cancelled call stop sooner.
        public var chunkPieces = 256
        /// Query vectors kept for the next time, about 2 kB each.
        public var cachedQueries = 1024

        public init() {}
    }

    public let dimension: Int
    public let modelName: String
    public let digest: String

    private let core: Core

    /// Starts the threads; they live until `shutdown`, or until the engine itself goes away.
    public convenience init(model: MiniLMModel, limits: Limits = Limits()) {
        self.init(model: model, limits: limits, encoder: Encoder(model: model))
    }

    init(model: MiniLMModel, limits: Limits, encoder: any TextEncoder) {
        precondition(limits.threads > 0 && limits.chunkPieces > 0 && limits.callTexts > 0, "an engine needs a thread and room for a text")
        dimension = model.configuration.hiddenSize
        modelName = model.name
        digest = model.digest
        tokenizer = model.tokenizer
        pieceLimit = model.pieceLimit
        core = Core(dimension: dimension, limits: limits, encoder: encoder)
        core.start()
    }

    deinit { core.beginShutdown() }

    private let tokenizer: WordPieceTokenizer
    private let pieceLimit: Int

    public func embed(
        _ texts: [String], priority: EmbeddingPriority, deadline: ContinuousClock.Instant?
    ) async throws(EmbeddingError) -> EmbeddingMatrix {
        guard texts.count <= core.limits.callTexts else {
            throw .tooManyTexts(count: texts.count, limit: core.limits.callTexts)
        }
        guard !texts.isEmpty else { return EmbeddingMatrix(dimension: dimension, values: []) }
        let pieces = texts.map { tokenizer.pieces(of: $0, limit: pieceLimit) }
        if priority == .query, pieces.count == 1 {
            if let vector = core.cachedVector(for: pieces[0]) {
                core.count(texts: 1, .query)
                return EmbeddingMatrix(dimension: dimension, values: vector)
            }
            let matrix = try await core.encode(pieces, priority, deadline: deadline)
            core.cache(matrix.values, for: pieces[0])
            return matrix
        }
        return try await core.encode(pieces, priority, deadline: deadline)
    }

    public func shutdown() async { await core.shutdown() }

    public var figures: EmbeddingFigures { core.figures }

    /// Pieces that wait in a lane, for metrics.
    public func waitingPieceCount(_ priority: EmbeddingPriority) -> Int { core.waitingPieceCount(priority) }
}

/// What the engine's threads run; a test puts something in the encoder's place that it can hold up.
protocol TextEncoder: Sendable {
    func vectors(
        of texts: [[Int32]], workspace: EncoderWorkspace, betweenLayers: () -> Bool
    ) throws(EmbeddingError) -> (values: [Float], isDone: Bool)
}

extension Encoder: TextEncoder {}
