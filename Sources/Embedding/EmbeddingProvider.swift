/// Whatever turns texts into vectors: the encoder in this process, or a server that speaks some embedding protocol.
///
/// A provider is bounded: work that it has no room for is refused at once with `busy`, never kept waiting without limit.
public protocol EmbeddingProvider: Sendable {
    /// Components of every vector.
    var dimension: Int { get }

    /// What a person calls the model, for instance `all-MiniLM-L6-v2`.
    var modelName: String { get }

    /// Names the function from text to vector: lower-case hexadecimal, the same for two providers only if their vectors
    /// may be compared. Recorded with every collection.
    var digest: String { get }

    /// One vector for each text, in the order of `texts`: finite, L2 norm 1 ± 1e-3.
    ///
    /// A text gives the same vector alone and among others. All texts succeed or the call fails as a whole. Cancelling
    /// the calling task drops what has not begun.
    ///
    /// - Parameters:
    ///   - texts: Any strings, the empty one too; what lies past the model's longest input has no influence.
    ///   - deadline: When the caller stops caring; `nil` waits as long as the queue takes.
    func embed(
        _ texts: [String], priority: EmbeddingPriority, deadline: ContinuousClock.Instant?
    ) async throws(EmbeddingError) -> EmbeddingMatrix

    /// What it has done and what waits, for metrics.
    var figures: EmbeddingFigures { get }

    /// Refuses new work, fails what is queued with `shutDown`, and returns when nothing of the provider runs any more.
    /// Calling it again is harmless.
    func shutdown() async
}

extension EmbeddingProvider {
    /// The vector of one text: `dimension` components, L2 norm 1 ± 1e-3.
    public func embed(
        _ text: String, priority: EmbeddingPriority = .query, deadline: ContinuousClock.Instant? = nil
    ) async throws(EmbeddingError) -> [Float] {
        try await embed([text], priority: priority, deadline: deadline).values
    }
}

/// Which lane a text waits in.
public enum EmbeddingPriority: Sendable, Hashable, CaseIterable {
    /// Someone waits for the answer to a search: goes before all ingestion.
    case query
    /// Records on their way into a collection: throughput counts, not the single text.
    case ingestion
}

/// What a provider has done since it was made, and what waits.
public struct EmbeddingFigures: Sendable, Hashable {
    public struct Lane: Sendable, Hashable {
        /// Pieces of text that wait.
        public var waitingPieceCount = 0
        /// Texts that were given a vector, from memory or not.
        public var textCount: UInt64 = 0
        /// Calls that were refused because too much waited.
        public var refusedCount: UInt64 = 0
    }

    public var query = Lane()
    public var ingestion = Lane()
    /// Time that threads spent encoding, all together.
    public var encodingSeconds = 0.0
    public var encodedPieceCount: UInt64 = 0
    /// Queries whose vector was still known, and those for which it was not.
    public var cacheHitCount: UInt64 = 0
    public var cacheMissCount: UInt64 = 0
    public var cachedCount = 0

    public init() {}
}
