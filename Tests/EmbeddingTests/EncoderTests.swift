import Foundation
import Testing

@testable import Embedding

@Suite("Encoder", .needsModel) struct EncoderTests {
    let model: MiniLMModel

    init() throws { model = try Fixtures.model.get() }

    private func encode(_ texts: [String], kernels: EncoderKernels = .best) throws -> [[Float]] {
        let workspace = EncoderWorkspace()
        let dimension = model.configuration.hiddenSize
        var output = [Float](repeating: 0, count: texts.count * dimension)
        let pieces = texts.map { model.tokenizer.pieces(of: $0, limit: model.pieceLimit) }
        let isDone = try output.withUnsafeMutableBufferPointer {
            try Encoder(model: model, kernels: kernels).encode(pieces, into: $0, workspace: workspace)
        }
        #expect(isDone)
        return texts.indices.map { Array(output[$0 * dimension..<($0 + 1) * dimension]) }
    }

    private struct Golden: Decodable {
        var text: String
        var float32: Data

        var vector: [Float] { float32.withUnsafeBytes { bytes in (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) } } }
    }

    @Test(.tags(.golden), arguments: EncoderKernels.available)
    func `gives the vectors of a float64 encoder`(kernels: EncoderKernels) throws {
        let cases = try Fixtures.decodedLines(of: "vectors.jsonl", as: Golden.self)
        let few = kernels.name == "scalar" ? cases.filter { $0.text.utf8.count < 200 } : cases
        for (golden, vector) in zip(few, try encode(few.map(\.text), kernels: kernels)) {
            #expect(cosine(vector, golden.vector) >= 0.99995, "\(golden.text.prefix(40))")
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test(.needsSharedData)
    func `gives the vectors of sentence-transformers for the SciFact queries`() throws {
        struct Query: Decodable {
            var _id: String
            var text: String
        }
        let folder = try #require(Fixtures.sharedData)
        let queries = try Data(contentsOf: folder.appending(path: "scifact/queries.jsonl")).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Query.self, from: $0) }
        let texts = Dictionary(uniqueKeysWithValues: queries.map { ($0._id, $0.text) })
        let ids = try String(contentsOf: folder.appending(path: "minilm_reference/scifact_qemb.ids.txt"), encoding: .utf8).split(whereSeparator: \.isNewline)
        let vectors = try Data(contentsOf: folder.appending(path: "minilm_reference/scifact_qemb.f32")).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(ids.count == 1109)
        var lowest = 1.0
        for start in stride(from: 0, to: ids.count, by: 16) {
            let batch = start..<min(start + 16, ids.count)
            for (row, vector) in zip(batch, try encode(try batch.map { try #require(texts[String(ids[$0])]) })) {
                lowest = min(lowest, cosine(vector, vectors[row * 384..<(row + 1) * 384]))
            }
        }
        #expect(lowest >= 0.99995)
    }

    @Test(arguments: EncoderKernels.available)
    func `gives a text the same bits alone and in any batch`(kernels: EncoderKernels) throws {
        let texts = [
            "nurse", "", "a longer text about the work of a warehouse clerk in Eldoret", "Accountant with CPA(K)",
            String(repeating: "monitoring and evaluation ", count: kernels.name == "scalar" ? 5 : 60), "nurse", "x",
        ]
        let together = try encode(texts, kernels: kernels)
        let reversed = try encode(texts.reversed(), kernels: kernels)
        for (index, text) in texts.enumerated() {
            #expect(try encode([text], kernels: kernels)[0] == together[index])
            #expect(reversed[texts.count - 1 - index] == together[index])
        }
    }

    @Test func `gives up between layers`() throws {
        var output = [Float](repeating: 0, count: 384)
        var calls = 0
        let isDone = try output.withUnsafeMutableBufferPointer { buffer in
            try Encoder(model: model).encode([[101, 102]], into: buffer, workspace: EncoderWorkspace()) {
                calls += 1
                return calls < 3
            }
        }
        #expect(!isDone)
        #expect(calls == 3)
    }
}
