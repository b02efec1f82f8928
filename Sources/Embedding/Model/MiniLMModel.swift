import Crypto

/// A sentence encoder of the MiniLM kind, loaded: BERT layers over WordPiece pieces, mean pooling, L2 norm.
///
/// A model is a folder with `model.safetensors`, `vocab.txt` and `config.json`. The weights of the layers are packed into
/// bfloat16 in memory (21 MB for all-MiniLM-L6-v2); the table of word embeddings, half of the file, stays where it is,
/// and the few rows that a text needs are read from it. Replace a model by renaming a new folder over it, not by writing
/// into its files.
public final class MiniLMModel: Sendable {
    /// The name that people know the model by: its folder's.
    public let name: String
    public let configuration: BertConfiguration
    public let tokenizer: WordPieceTokenizer
    /// SHA-256 of `model.safetensors`, lower-case hexadecimal.
    public let weightsSHA256: String
    /// SHA-256 of `vocab.txt`, lower-case hexadecimal.
    public let vocabularySHA256: String
    /// SHA-256 over all that decides a text's vector: weights, vocabulary, configuration, precision, longest input.
    public let digest: String

    let weights: EncoderWeights

    /// How weights are kept, part of `digest`. Rounding them to bfloat16 leaves the vectors of all 1,109 reference texts
    /// at a cosine of at least 0.99998 to those of the float32 model, for half the memory and half the bandwidth.
    public static let precision = "bf16 weights, fp32 arithmetic"

    /// Pieces of a text that count, `[CLS]` and `[SEP]` included: what all-MiniLM-L6-v2 was published with.
    public static let pieceLimitMax = 256

    /// Pieces of a text that count with this model.
    public var pieceLimit: Int { min(Self.pieceLimitMax, configuration.positionCount) }

    /// - Parameters:
    ///   - folder: A path, with or without a last `/`.
    ///   - checksums: What both files must be, for a caller who wants one certain release.
    public convenience init(folder: String, checksums: ModelChecksums? = nil) throws(ModelError) {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        let name = folder.split(separator: "/").last.map(String.init) ?? folder
        try self.init(
            name: name, weightsPath: folder + "/model.safetensors", vocabularyPath: folder + "/vocab.txt",
            configurationPath: folder + "/config.json", checksums: checksums)
    }

    init(
        name: String, weightsPath: String, vocabularyPath: String, configurationPath: String, checksums: ModelChecksums?
    ) throws(ModelError) {
        let configurationFile = try ModelFile(path: configurationPath)
        let configurationContents = try configurationFile.contents(limitBytes: 1 << 20)
        let configuration = try BertConfiguration(contents: configurationContents, path: configurationPath)
        let vocabularyContents = try ModelFile(path: vocabularyPath).contents(limitBytes: 1 << 26)
        let vocabularySHA256 = SHA256.hash(data: vocabularyContents).hexadecimal
        try Self.check(vocabularySHA256, checksums?.vocabularySHA256, path: vocabularyPath)
        let tokenizer = try WordPieceTokenizer(vocabularyContents: vocabularyContents, path: vocabularyPath)
        guard tokenizer.vocabulary.count <= configuration.vocabularySize else {
            throw .invalidVocabulary(
                path: vocabularyPath, line: 0,
                problem: "has \(tokenizer.vocabulary.count) pieces, the model only \(configuration.vocabularySize)")
        }
        let file = try SafeTensorsFile(path: weightsPath)
        let weightsSHA256 = try file.file.sha256()
        try Self.check(weightsSHA256, checksums?.weightsSHA256, path: weightsPath)
        weights = try EncoderWeights(file: file, configuration: configuration)
        self.name = name
        self.configuration = configuration
        self.tokenizer = tokenizer
        self.weightsSHA256 = weightsSHA256
        self.vocabularySHA256 = vocabularySHA256
        let shape = "\(configuration.headCount) heads, epsilon \(configuration.layerNormEpsilon)"
        let identity = [
            "kazi embedding 1", weightsSHA256, vocabularySHA256, shape, Self.precision,
            "\(min(Self.pieceLimitMax, configuration.positionCount)) pieces",
        ]
        digest = SHA256.hash(data: Array(identity.joined(separator: "\n").utf8)).hexadecimal
    }

    private static func check(_ sha256: String, _ expected: String?, path: String) throws(ModelError) {
        if let expected, expected != sha256 {
            throw .wrongChecksum(path: path, sha256: sha256, expectedSHA256: expected)
        }
    }
}

/// SHA-256 of the files of one release of a model, lower-case hexadecimal.
public struct ModelChecksums: Sendable, Hashable {
    public var weightsSHA256: String
    public var vocabularySHA256: String

    public init(weightsSHA256: String, vocabularySHA256: String) {
        self.weightsSHA256 = weightsSHA256
        self.vocabularySHA256 = vocabularySHA256
    }

    /// sentence-transformers/all-MiniLM-L6-v2 as published.
    public static let allMiniLML6v2 = ModelChecksums(
        weightsSHA256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        vocabularySHA256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3")
}
