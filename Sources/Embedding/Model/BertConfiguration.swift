import FoundationEssentials

/// The sizes of a BERT encoder, from its `config.json`.
public struct BertConfiguration: Sendable, Hashable {
    /// Components of a piece's vector between the layers, and of the embedding.
    public let hiddenSize: Int
    /// Components within the feed-forward part.
    public let intermediateSize: Int
    public let layerCount: Int
    public let headCount: Int
    public let vocabularySize: Int
    public let positionCount: Int
    let layerNormEpsilon: Float

    public var headDimension: Int { hiddenSize / headCount }

    init(contents: [UInt8], path: String) throws(ModelError) {
        func invalid(_ problem: String) -> ModelError { .invalidConfiguration(path: path, problem: problem) }
        let fields: Fields
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(contents))
        } catch DecodingError.keyNotFound(let key, _) {
            throw invalid("has no \(key.stringValue)")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw invalid("\(context.codingPath.last?.stringValue ?? "the file") has the wrong type")
        } catch {
            throw invalid("is not JSON")
        }
        func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>, multipleOf step: Int = 1) throws(ModelError) -> Int {
            guard range.contains(value), value % step == 0 else {
                let multiple = step == 1 ? "" : " and a multiple of \(step)"
                throw invalid("\(name) is \(value), not within \(range.lowerBound)...\(range.upperBound)\(multiple)")
            }
            return value
        }
        hiddenSize = try check(fields.hidden_size, "hidden_size", 16...4096, multipleOf: 16)
        intermediateSize = try check(fields.intermediate_size, "intermediate_size", 16...16384, multipleOf: 16)
        layerCount = try check(fields.num_hidden_layers, "num_hidden_layers", 1...48)
        headCount = try check(fields.num_attention_heads, "num_attention_heads", 1...256)
        vocabularySize = try check(fields.vocab_size, "vocab_size", 3...1 << 20)
        positionCount = try check(fields.max_position_embeddings, "max_position_embeddings", 2...1 << 16)
        guard hiddenSize % headCount == 0, hiddenSize / headCount % 16 == 0 else {
            throw invalid("hidden_size \(hiddenSize) does not give \(headCount) heads a multiple of 16 components each")
        }
        let epsilon = fields.layer_norm_eps
        guard epsilon >= 0, epsilon < 1 else { throw invalid("layer_norm_eps is \(epsilon), not within 0..<1") }
        layerNormEpsilon = Float(epsilon)
        guard fields.hidden_act == "gelu" else { throw invalid("hidden_act is \(fields.hidden_act), not gelu") }
        let positions = fields.position_embedding_type ?? "absolute"
        guard positions == "absolute" else { throw invalid("position_embedding_type is \(positions), not absolute") }
    }

    private struct Fields: Decodable {
        var hidden_size: Int
        var intermediate_size: Int
        var num_hidden_layers: Int
        var num_attention_heads: Int
        var vocab_size: Int
        var max_position_embeddings: Int
        var layer_norm_eps: Double
        var hidden_act: String
        var position_embedding_type: String?
    }
}
