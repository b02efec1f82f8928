import CKernels

/// The numbers of an encoder, laid out for the kernels: matrices in bfloat16 panels, all else in float32. Word embeddings
/// stay in the file.
final class EncoderWeights: Sendable {
    let file: ModelFile
    /// Where row 0 of the word embeddings begins in `file`.
    let wordsOffset: Int
    // Written only in `init`, before `self` is shared, and freed with it: readers need no lock.
    private nonisolated(unsafe) let panelBuffer: AlignedBuffer<UInt16>
    private nonisolated(unsafe) let floatBuffer: AlignedBuffer<Float>
    let layers: [Layer]
    /// Offsets in the float32 buffer.
    let positions: Int
    let embeddingGain: Int
    let embeddingOffset: Int

    /// A linear layer: where its panels and its bias begin, in elements.
    struct Linear: Sendable {
        var panels: Int
        var bias: Int
        var depth: Int
        var width: Int
    }

    struct Layer: Sendable {
        /// Query, key and value in one product.
        var attention: Linear
        var attentionOutput: Linear
        var attentionGain: Int
        var attentionOffset: Int
        var intermediate: Linear
        var output: Linear
        var outputGain: Int
        var outputOffset: Int
    }

    init(file: SafeTensorsFile, configuration: BertConfiguration) throws(ModelError) {
        let hidden = configuration.hiddenSize, inner = configuration.intermediateSize
        let words = try file.float32("embeddings.word_embeddings.weight", shape: [configuration.vocabularySize, hidden])
        let pieceLimit = min(MiniLMModel.pieceLimitMax, configuration.positionCount)
        let layerPanels = 4 * hidden * hidden + 2 * hidden * inner
        let layerFloats = 9 * hidden + inner
        var loader = Loader(
            file: file,
            panels: AlignedBuffer(count: configuration.layerCount * layerPanels),
            floats: AlignedBuffer(count: (pieceLimit + 2) * hidden + configuration.layerCount * layerFloats),
            largest: max(hidden * max(hidden, inner), configuration.positionCount * hidden))
        positions = try loader.positions(configuration, rowCount: pieceLimit)
        embeddingGain = try loader.vector("embeddings.LayerNorm.weight", count: hidden)
        embeddingOffset = try loader.vector("embeddings.LayerNorm.bias", count: hidden)
        var layers: [Layer] = []
        for index in 0..<configuration.layerCount {
            let name = "encoder.layer.\(index)."
            layers.append(
                Layer(
                    attention: try loader.linear(
                        ["query", "key", "value"].map { name + "attention.self." + $0 }, depth: hidden, width: hidden),
                    attentionOutput: try loader.linear([name + "attention.output.dense"], depth: hidden, width: hidden),
                    attentionGain: try loader.vector(name + "attention.output.LayerNorm.weight", count: hidden),
                    attentionOffset: try loader.vector(name + "attention.output.LayerNorm.bias", count: hidden),
                    intermediate: try loader.linear([name + "intermediate.dense"], depth: hidden, width: inner),
                    output: try loader.linear([name + "output.dense"], depth: inner, width: hidden),
                    outputGain: try loader.vector(name + "output.LayerNorm.weight", count: hidden),
                    outputOffset: try loader.vector(name + "output.LayerNorm.bias", count: hidden)))
        }
        self.layers = layers
        self.file = file.file
        wordsOffset = words.byteRange.lowerBound
        unsafe panelBuffer = loader.panels
        unsafe floatBuffer = loader.floats
    }

    func panels(_ linear: Linear) -> UnsafePointer<UInt16> { unsafe UnsafePointer(panelBuffer.pointer + linear.panels) }

    func floats(_ offset: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(floatBuffer.pointer + offset) }

    /// Bytes of memory that the weights take.
    var byteCount: Int { unsafe panelBuffer.count * 2 + floatBuffer.count * 4 }
}
