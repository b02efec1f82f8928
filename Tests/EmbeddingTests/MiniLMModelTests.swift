import Foundation
import Testing

@testable import Embedding

@Suite("MiniLM model") struct MiniLMModelTests {
    private func configuration(_ changes: [String: any Sendable] = [:]) throws -> BertConfiguration {
        var fields: [String: any Sendable] = [
            "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6, "num_attention_heads": 12, "vocab_size": 30522,
            "max_position_embeddings": 512, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        ]
        for (name, value) in changes { fields[name] = value is NSNull ? nil : value }
        return try BertConfiguration(contents: Array(try JSONSerialization.data(withJSONObject: fields)), path: "config.json")
    }

    @Test func `takes its sizes from config.json`() throws {
        let configuration = try configuration()
        #expect(configuration.hiddenSize == 384)
        #expect(configuration.headDimension == 32)
    }

    @Test(arguments: [
        ("hidden_size", 100, "hidden_size is 100, not within 16...4096 and a multiple of 16"),
        ("num_attention_heads", 5, "hidden_size 384 does not give 5 heads a multiple of 16 components each"),
        ("num_hidden_layers", 0, "num_hidden_layers is 0, not within 1...48"),
        ("layer_norm_eps", 2, "layer_norm_eps is 2.0, not within 0..<1"),
        ("hidden_act", 3, "hidden_act has the wrong type"),
        ("vocab_size", -1, "vocab_size is -1, not within 3...1048576"),
    ])
    func `refuses sizes it cannot run`(name: String, value: Int, problem: String) {
        #expect(throws: ModelError.invalidConfiguration(path: "config.json", problem: problem)) { try configuration([name: value]) }
    }

    @Test func `refuses other activations and positions, and what is not JSON`() {
        #expect(throws: ModelError.invalidConfiguration(path: "config.json", problem: "hidden_act is relu, not gelu")) { try configuration(["hidden_act": "relu"]) }
        #expect(throws: ModelError.invalidConfiguration(path: "config.json", problem: "position_embedding_type is relative_key, not absolute")) {
            try configuration(["position_embedding_type": "relative_key"])
        }
        #expect(throws: ModelError.invalidConfiguration(path: "c", problem: "is not JSON")) { try BertConfiguration(contents: Array("{".utf8), path: "c") }
        #expect(throws: ModelError.invalidConfiguration(path: "c", problem: "has no hidden_size")) { try BertConfiguration(contents: Array("{}".utf8), path: "c") }
    }

    @Test func `names the file that is missing`() {
        #expect(throws: ModelError.unreadable(path: "/nowhere/config.json", errno: ENOENT)) { try MiniLMModel(folder: "/nowhere/") }
    }

    @Test(.needsModel) func `tells a release by its checksums`() throws {
        let folder = try #require(Fixtures.modelFolder)
        let official = ModelChecksums.allMiniLML6v2
        let model = try Fixtures.model.get()
        #expect(model.weightsSHA256 == official.weightsSHA256)
        #expect(model.vocabularySHA256 == official.vocabularySHA256)
        let other = ModelChecksums(weightsSHA256: String(repeating: "0", count: 64), vocabularySHA256: official.vocabularySHA256)
        let expected = ModelError.wrongChecksum(path: folder + "/model.safetensors", sha256: official.weightsSHA256, expectedSHA256: other.weightsSHA256)
        #expect(throws: expected) { try MiniLMModel(folder: folder, checksums: other) }
    }

    @Test(.needsModel) func `refuses weights that are cut short or do not fit config.json`() throws {
        let folder = try #require(Fixtures.modelFolder)
        let scratch = FileManager.default.temporaryDirectory.appending(path: "kazi-model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        for name in ["vocab.txt", "config.json"] {
            try FileManager.default.copyItem(atPath: folder + "/" + name, toPath: scratch.appending(path: name).path)
        }
        let weights = scratch.appending(path: "model.safetensors").path
        let handle = try #require(FileHandle(forReadingAtPath: folder + "/model.safetensors"))
        try #require(try handle.read(upToCount: 1 << 20)).write(to: URL(filePath: weights))
        #expect(throws: ModelError.invalidSafeTensors(path: weights, .truncated(bytes: 1 << 20, neededBytes: 90_868_376))) { try MiniLMModel(folder: scratch.path) }

        try FileManager.default.removeItem(atPath: weights)
        try FileManager.default.createSymbolicLink(atPath: weights, withDestinationPath: folder + "/model.safetensors")
        let text = try String(contentsOf: scratch.appending(path: "config.json"), encoding: .utf8)
        try text.replacingOccurrences(of: "1536", with: "768").write(to: scratch.appending(path: "config.json"), atomically: true, encoding: .utf8)
        let shape = ModelError.wrongShape(path: weights, tensor: "encoder.layer.0.intermediate.dense.weight", shape: [1536, 384], expectedShape: [768, 384])
        #expect(throws: shape) { try MiniLMModel(folder: scratch.path) }
    }
}
