import CKernels

/// The memory in which one thread encodes: it grows to what the largest batch so far needed and is used again. Never two
/// threads at once.
final class EncoderWorkspace {
    /// One row a piece: what goes from layer to layer.
    private(set) var hidden = AlignedBuffer<Float>(count: 0)
    /// Query, key and value of each piece; then the feed-forward part's inner rows.
    private(set) var wide = AlignedBuffer<Float>(count: 0)
    /// What attention gives for each piece.
    private(set) var context = AlignedBuffer<Float>(count: 0)
    private(set) var attentionScratch = AlignedBuffer<Float>(count: 0)

    /// Makes room for `rowCount` pieces in all, at most `longest` in one text.
    func reserve(rowCount: Int, longest: Int, _ configuration: BertConfiguration) {
        func grow(_ buffer: inout AlignedBuffer<Float>, to count: Int) {
            if buffer.count < count { buffer = AlignedBuffer(count: count) }
        }
        grow(&hidden, to: rowCount * configuration.hiddenSize)
        grow(&context, to: rowCount * configuration.hiddenSize)
        grow(&wide, to: rowCount * max(3 * configuration.hiddenSize, configuration.intermediateSize))
        grow(&attentionScratch, to: kz_encoder_attention_scratch(longest, configuration.headDimension))
    }
}
