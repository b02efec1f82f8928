import FoundationEssentials

/// A file of named tensors in the safetensors format: 8 bytes with the header's length, a header in JSON with each
/// tensor's type, shape and place, and the numbers, little-endian, without gaps.
///
/// The header comes from outside, so all of it is checked before anything is read by it: https://github.com/huggingface/safetensors.
struct SafeTensorsFile: Sendable {
    struct Tensor: Sendable, Hashable {
        /// As the header spells it: `F32`, `BF16`, `I64`, …
        var type: String
        var shape: [Int]
        /// Where its numbers are, in bytes from the start of the file.
        var byteRange: Range<Int>
    }

    let file: ModelFile
    let tensors: [String: Tensor]

    init(path: String) throws(ModelError) {
        let file = try ModelFile(path: path)
        func invalid(_ problem: SafeTensorsProblem) -> ModelError { .invalidSafeTensors(path: path, problem) }
        guard file.byteCount >= 8 else { throw invalid(.truncated(bytes: file.byteCount, neededBytes: 8)) }
        let headerBytes = try file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard headerBytes <= UInt64(Self.headerBytesMax) else {
            throw invalid(.headerTooLarge(bytes: headerBytes, limitBytes: Self.headerBytesMax))
        }
        let start = 8 + Int(headerBytes)
        guard file.byteCount >= start else { throw invalid(.truncated(bytes: file.byteCount, neededBytes: start)) }
        let header = try file.bytes(8..<start)
        // JSON's parser would take other encodings and leading white space; the format has neither.
        guard header.first == UInt8(ascii: "{"), let entries = try? JSONDecoder().decode(Header.self, from: Data(header)) else {
            throw invalid(.headerNotJSON)
        }
        var tensors: [String: Tensor] = [:]
        for (name, entry) in entries.tensors {
            do {
                tensors[name] = try Self.tensor(entry, named: name, start: start)
            } catch {
                throw invalid(error)
            }
        }
        if let problem = Self.problem(covering: start..<file.byteCount, tensors.values.map(\.byteRange)) {
            throw invalid(problem)
        }
        self.file = file
        self.tensors = tensors
    }

    /// The longest header that is read; that of a large model has some 100 kB.
    private static let headerBytesMax = 8 << 20

    private static let elementBytes: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
        "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
    ]

    private static func tensor(_ entry: Header.Entry, named name: String, start: Int) throws(SafeTensorsProblem) -> Tensor {
        guard let elementBytes = elementBytes[entry.dtype] else { throw .unknownType(tensor: name, type: entry.dtype) }
        var bytes = elementBytes
        for count in entry.shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: count)
            guard count >= 0, !overflow else { throw .invalidShape(tensor: name) }
            bytes = product
        }
        guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0 else { throw .invalidOffsets(tensor: name) }
        let (first, firstOverflow) = start.addingReportingOverflow(entry.data_offsets[0])
        let (last, lastOverflow) = start.addingReportingOverflow(entry.data_offsets[1])
        let (length, lengthOverflow) = last.subtractingReportingOverflow(first)
        guard !firstOverflow, !lastOverflow, !lengthOverflow, length == bytes else { throw .invalidOffsets(tensor: name) }
        return Tensor(type: entry.dtype, shape: entry.shape, byteRange: first..<last)
    }

    /// Tensors follow one another from the end of the header to the end of the file.
    private static func problem(covering whole: Range<Int>, _ ranges: [Range<Int>]) -> SafeTensorsProblem? {
        var end = whole.lowerBound
        for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            guard range.lowerBound == end else { return .gapOrOverlap(atByte: min(end, range.lowerBound)) }
            end = range.upperBound
        }
        if end > whole.upperBound { return .truncated(bytes: whole.upperBound, neededBytes: end) }
        return end == whole.upperBound ? nil : .gapOrOverlap(atByte: end)
    }

    /// The header's JSON object. Its member `__metadata__` says nothing that is needed here.
    private struct Header: Decodable {
        struct Entry: Decodable {
            var dtype: String
            var shape: [Int]
            var data_offsets: [Int]
        }

        struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var tensors: [String: Entry] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for name in container.allKeys where name.stringValue != "__metadata__" {
                tensors[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
        }
    }
}

extension SafeTensorsProblem: Error {}

extension SafeTensorsFile {
    /// A tensor of float32 with exactly this shape.
    func float32(_ name: String, shape: [Int]) throws(ModelError) -> Tensor {
        guard let tensor = tensors[name] else { throw .missingTensor(path: file.path, tensor: name) }
        guard tensor.type == "F32" else {
            throw .wrongType(path: file.path, tensor: name, type: tensor.type, expectedType: "F32")
        }
        guard tensor.shape == shape else {
            throw .wrongShape(path: file.path, tensor: name, shape: tensor.shape, expectedShape: shape)
        }
        return tensor
    }

    /// Reads a tensor of float32 to `floats`, which has exactly its size.
    func read(_ tensor: Tensor, into floats: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        precondition(floats.count * 4 == tensor.byteRange.count, "the buffer has not the tensor's size")
        let code = unsafe file.read(into: UnsafeMutableRawBufferPointer(floats), at: tensor.byteRange.lowerBound)
        guard code == 0 else { throw .unreadable(path: file.path, errno: code) }
    }
}
