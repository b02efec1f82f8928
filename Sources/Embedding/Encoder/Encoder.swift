import CKernels

/// BERT's layers over texts that are already pieces, then the mean of the last layer's rows, at L2 norm 1: Devlin et al.
/// 2018, arXiv:1810.04805, with the pooling of Reimers and Gurevych 2019, arXiv:1908.10084.
///
/// The pieces of all texts of a batch stand one after another, one row each, without padding; only attention looks at
/// texts. Every row is computed as if it were alone, so a text's vector has the same bits in any batch.
struct Encoder: Sendable {
    let configuration: BertConfiguration
    let weights: EncoderWeights
    let kernels: EncoderKernels

    init(model: MiniLMModel, kernels: EncoderKernels = .best) {
        configuration = model.configuration
        weights = model.weights
        self.kernels = kernels
    }

    /// The vectors of `texts`, one after another, written to `output`: `texts.count` × `hiddenSize` floats. A vector is
    /// zero or not finite where the model's arithmetic ends there; the caller checks.
    ///
    /// - Parameters:
    ///   - texts: The ids of each text's pieces, each below the model's vocabulary size; 1 to `pieceLimit` a text.
    ///   - workspace: Used by this call alone.
    ///   - betweenLayers: Called after every layer but the last; returns `false` to give up.
    /// - Returns: Whether the work was done, not given up.
    func encode(
        _ texts: [[Int32]], into output: UnsafeMutableBufferPointer<Float>, workspace: EncoderWorkspace,
        betweenLayers: () -> Bool = { true }
    ) throws(EmbeddingError) -> Bool {
        let lengths = texts.map(\.count)
        let rowCount = lengths.reduce(0, +)
        guard let longest = lengths.max() else { return true }
        workspace.reserve(rowCount: rowCount, longest: longest, configuration)
        try readEmbeddings(of: texts, workspace)
        for (index, layer) in weights.layers.enumerated() {
            if index > 0, !betweenLayers() { return false }
            apply(layer, lengths: lengths, rowCount: rowCount, workspace)
        }
        let width = configuration.hiddenSize
        precondition(output.count == texts.count * width, "the output has not one row a text")
        var row = 0
        for (index, length) in lengths.enumerated() {
            unsafe kernels.set.pointee.pool(workspace.hidden.pointer + row * width, length, width, output.baseAddress! + index * width)
            row += length
        }
        return true
    }

    /// `encode` into an array of its own.
    func vectors(
        of texts: [[Int32]], workspace: EncoderWorkspace, betweenLayers: () -> Bool = { true }
    ) throws(EmbeddingError) -> (values: [Float], isDone: Bool) {
        var values = [Float](repeating: 0, count: texts.count * configuration.hiddenSize)
        let isDone = try unsafe values.withUnsafeMutableBufferPointer { output throws(EmbeddingError) in
            try unsafe encode(texts, into: output, workspace: workspace, betweenLayers: betweenLayers)
        }
        return (values, isDone)
    }

    /// Row by row the embedding of the piece, of its position and of the token type, normalized.
    private func readEmbeddings(of texts: [[Int32]], _ workspace: EncoderWorkspace) throws(EmbeddingError) {
        let width = configuration.hiddenSize
        let rowBytes = width * MemoryLayout<Float>.stride
        let hidden = unsafe workspace.hidden.pointer
        var row = 0
        for text in texts {
            let first = row
            for piece in text {
                precondition(piece >= 0 && piece < configuration.vocabularySize, "the piece is not in the vocabulary")
                let target = unsafe UnsafeMutableRawBufferPointer(start: hidden + row * width, count: rowBytes)
                let code = unsafe weights.file.read(into: target, at: weights.wordsOffset + Int(piece) * rowBytes)
                guard code == 0 else { throw .modelUnreadable(errno: code) }
                row += 1
            }
            unsafe kernels.set.pointee.add(weights.floats(weights.positions), text.count * width, hidden + first * width)
        }
        unsafe kernels.set.pointee.layer_norm(
            hidden, row, width, weights.floats(weights.embeddingGain), weights.floats(weights.embeddingOffset),
            configuration.layerNormEpsilon)
    }

    private func apply(_ layer: EncoderWeights.Layer, lengths: [Int], rowCount: Int, _ workspace: EncoderWorkspace) {
        let width = configuration.hiddenSize
        let hidden = unsafe workspace.hidden.pointer
        let wide = unsafe workspace.wide.pointer
        let context = unsafe workspace.context.pointer
        unsafe linear(layer.attention, hidden, rowCount, to: wide)
        var row = 0
        for length in lengths {
            unsafe kernels.set.pointee.attention(
                wide + row * 3 * width, length, configuration.headCount, configuration.headDimension, context + row * width,
                workspace.attentionScratch.pointer)
            row += length
        }
        unsafe linear(layer.attentionOutput, context, rowCount, KZ_LINEAR_ADD, to: hidden)
        unsafe normalize(hidden, rowCount, gain: layer.attentionGain, offset: layer.attentionOffset)
        unsafe linear(layer.intermediate, hidden, rowCount, KZ_LINEAR_GELU, to: wide)
        unsafe linear(layer.output, wide, rowCount, KZ_LINEAR_ADD, to: hidden)
        unsafe normalize(hidden, rowCount, gain: layer.outputGain, offset: layer.outputOffset)
    }

    private func linear(
        _ layer: EncoderWeights.Linear, _ input: UnsafePointer<Float>, _ rowCount: Int, _ kind: kz_linear_kind = KZ_LINEAR_PLAIN,
        to output: UnsafeMutablePointer<Float>
    ) {
        unsafe kernels.set.pointee.linear(
            input, rowCount, layer.depth, weights.panels(layer), weights.floats(layer.bias), layer.width, kind, output)
    }

    private func normalize(_ rows: UnsafeMutablePointer<Float>, _ rowCount: Int, gain: Int, offset: Int) {
        unsafe kernels.set.pointee.layer_norm(
            rows, rowCount, configuration.hiddenSize, weights.floats(gain), weights.floats(offset), configuration.layerNormEpsilon)
    }
}
