import Foundation
import Testing

@testable import Embedding

/// Where the tests find what does not live in the repository, and the golden files that do.
enum Fixtures {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// The folder of all-MiniLM-L6-v2, or `nil` where `scripts/setup` has not run.
    static let modelFolder: String? = {
        let folder = ProcessInfo.processInfo.environment["KAZI_MODEL"]
            ?? repository.appending(path: ".build/models/all-MiniLM-L6-v2").path
        return FileManager.default.fileExists(atPath: folder + "/model.safetensors") ? folder : nil
    }()

    /// The folder of real data beside the repository, or `nil` where there is none.
    static let sharedData: URL? = {
        let environment = ProcessInfo.processInfo.environment["KAZI_SHARED"]
        let folder = (environment.map { URL(filePath: $0) } ?? repository.appending(path: "../shared").standardized).appending(path: "data")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    /// Loaded once for all tests: it is immutable.
    static let model = Result { () throws -> MiniLMModel in
        try MiniLMModel(folder: try #require(modelFolder), checksums: .allMiniLML6v2)
    }

    static func lines(of name: String) throws -> [Data] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/" + name)
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }

    static func decodedLines<Value: Decodable>(of name: String, as type: Value.Type = Value.self) throws -> [Value] {
        try lines(of: name).map { try JSONDecoder().decode(Value.self, from: $0) }
    }
}

extension Trait where Self == ConditionTrait {
    static var needsModel: Self {
        .enabled(if: Fixtures.modelFolder != nil, "the model is not here: run scripts/setup, or name its folder in KAZI_MODEL")
    }

    static var needsSharedData: Self {
        .enabled(if: Fixtures.sharedData != nil, "the shared data is not here: name its folder in KAZI_SHARED")
    }
}

/// Cosine similarity in double precision.
func cosine(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Double {
    var dot = 0.0, aa = 0.0, bb = 0.0
    for (x, y) in zip(a, b) {
        dot += Double(x) * Double(y)
        aa += Double(x) * Double(x)
        bb += Double(y) * Double(y)
    }
    return dot / (aa * bb).squareRoot()
}

/// SplitMix64: Steele, Lea and Flood 2014. The same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
