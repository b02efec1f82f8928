import FoundationEssentials

/// Times the encoder on the calling thread, text in, vector out: what `scripts/bench/embed` holds against other runtimes.
///
/// The engine's threads and queues are left out, since the peers have none either. Tokenizing is included.
public struct EmbeddingBenchmark: Sendable {
    /// One line of JSON from the driver.
    public struct Request: Codable, Sendable {
        /// Encoded as one batch.
        public var texts: [String]
        /// How often, one after another.
        public var rounds: Int

        public init(texts: [String], rounds: Int) {
            self.texts = texts
            self.rounds = rounds
        }
    }

    /// What one request gave.
    public struct Measurement: Codable, Sendable {
        /// Wall time of each round.
        public var seconds: [Double]
        public var pieceCounts: [Int]
        /// `texts.count` × `dimension`, row by row, so that the driver can check them.
        public var vectors: [Float]
        /// The instruction set in use: `scalar`, `avx2`, `avx512` or `neon`.
        public var kernels: String
    }

    private let model: MiniLMModel

    public init(model: MiniLMModel) { self.model = model }

    /// A request in, its measurement out, each one line of JSON: `kazi bench embed` does this for every line of its input.
    public func answer(_ line: String) throws -> String {
        let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
        return String(decoding: try JSONEncoder().encode(try measure(request)), as: UTF8.self)
    }

    public func measure(_ request: Request) throws(EmbeddingError) -> Measurement {
        let encoder = Encoder(model: model)
        let workspace = EncoderWorkspace()
        let clock = ContinuousClock()
        var measurement = Measurement(seconds: [], pieceCounts: [], vectors: [], kernels: encoder.kernels.name)
        for _ in 0..<max(1, request.rounds) {
            let start = clock.now
            let pieces = request.texts.map { model.tokenizer.pieces(of: $0, limit: model.pieceLimit) }
            let (vectors, _) = try encoder.vectors(of: pieces, workspace: workspace)
            let seconds = (clock.now - start) / .seconds(1)
            measurement.seconds.append(seconds)
            measurement.pieceCounts = pieces.map(\.count)
            measurement.vectors = vectors
        }
        return measurement
    }
}
