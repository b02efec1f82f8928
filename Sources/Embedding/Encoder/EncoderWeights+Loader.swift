import CKernels

extension EncoderWeights {
    /// Reads tensor after tensor from a file and lays each out behind the one before.
    struct Loader {
        let panels: AlignedBuffer<UInt16>
        let floats: AlignedBuffer<Float>
        private let file: SafeTensorsFile
        /// Holds one matrix as the file has it.
        private let scratch: AlignedBuffer<Float>
        private var panelCount = 0
        private var floatCount = 0

        /// - Parameter largest: Elements of the largest matrix that will be read.
        init(file: SafeTensorsFile, panels: AlignedBuffer<UInt16>, floats: AlignedBuffer<Float>, largest: Int) {
            self.file = file
            self.panels = panels
            self.floats = floats
            scratch = AlignedBuffer(count: largest)
        }

        /// Position embeddings 0..<`rowCount`, with the embedding of the first token type, which every piece has, added.
        mutating func positions(_ configuration: BertConfiguration, rowCount: Int) throws(ModelError) -> Int {
            let hidden = configuration.hiddenSize
            let name = "embeddings.position_embeddings.weight"
            let all = try file.float32(name, shape: [configuration.positionCount, hidden])
            try unsafe file.read(all, into: UnsafeMutableBufferPointer(start: scratch.pointer, count: configuration.positionCount * hidden))
            let start = take(rowCount * hidden)
            unsafe (floats.pointer + start).update(from: scratch.pointer, count: rowCount * hidden)
            try checkFinite(start, count: rowCount * hidden, tensor: name)
            // The table has one row for each of two token types; a model with another number of them is no BERT.
            let typeName = "embeddings.token_type_embeddings.weight"
            let types = try file.float32(typeName, shape: [2, hidden])
            try unsafe file.read(types, into: UnsafeMutableBufferPointer(start: scratch.pointer, count: 2 * hidden))
            for row in 0..<rowCount {
                for component in 0..<hidden {
                    unsafe floats.pointer[start + row * hidden + component] += scratch.pointer[component]
                }
            }
            try checkFinite(start, count: rowCount * hidden, tensor: typeName)
            return start
        }

        mutating func vector(_ name: String, count: Int) throws(ModelError) -> Int {
            let tensor = try file.float32(name, shape: [count])
            let start = take(count)
            try unsafe file.read(tensor, into: UnsafeMutableBufferPointer(start: floats.pointer + start, count: count))
            try checkFinite(start, count: count, tensor: name)
            return start
        }

        /// Several linear layers with the same input as one, their outputs side by side.
        mutating func linear(_ names: [String], depth: Int, width: Int) throws(ModelError) -> Linear {
            let linear = Linear(panels: panelCount, bias: floatCount, depth: depth, width: width * names.count)
            for name in names {
                let tensor = try file.float32(name + ".weight", shape: [width, depth])
                try unsafe file.read(tensor, into: UnsafeMutableBufferPointer(start: scratch.pointer, count: width * depth))
                let isFinite = unsafe kz_encoder_pack(scratch.pointer, width, depth, panels.pointer + panelCount) == 1
                guard isFinite else { throw .notFinite(path: file.file.path, tensor: name + ".weight") }
                panelCount += width * depth
            }
            for name in names { _ = try vector(name + ".bias", count: width) }
            return linear
        }

        private mutating func take(_ count: Int) -> Int {
            defer { floatCount += count }
            precondition(floatCount + count <= floats.count, "the float buffer was made too small")
            return floatCount
        }

        private func checkFinite(_ start: Int, count: Int, tensor: String) throws(ModelError) {
            for index in start..<start + count {
                guard unsafe floats.pointer[index].isFinite else { throw .notFinite(path: file.file.path, tensor: tensor) }
            }
        }
    }
}
