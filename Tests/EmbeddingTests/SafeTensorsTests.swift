import Foundation
import Testing

@testable import Embedding

@Suite("Safetensors file") struct SafeTensorsTests {
    /// A file in a temporary folder that goes with the test.
    private final class TemporaryFile {
        let path = FileManager.default.temporaryDirectory.appending(path: "kazi-\(UUID().uuidString).safetensors").path

        init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func file(header: String, data: [UInt8]) -> [UInt8] {
        let header = Array(header.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) } + header + data
    }

    private let twoTensors = #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}"#

    @Test func `gives types, shapes and places`() throws {
        let bytes = file(header: twoTensors, data: [0, 0, 128, 63, 0, 0, 0, 192] + [UInt8](repeating: 7, count: 8))
        let temporary = try TemporaryFile(bytes)
        let tensors = try SafeTensorsFile(path: temporary.path)
        let start = bytes.count - 16
        #expect(tensors.tensors == [
            "a": .init(type: "F32", shape: [2, 1], byteRange: start..<start + 8), "b": .init(type: "I64", shape: [], byteRange: start + 8..<start + 16),
        ])
        var floats = [Float](repeating: 0, count: 2)
        let tensor = try tensors.float32("a", shape: [2, 1])
        try floats.withUnsafeMutableBufferPointer { try tensors.read(tensor, into: $0) }
        #expect(floats == [1, -2])
        #expect(throws: ModelError.wrongShape(path: temporary.path, tensor: "a", shape: [2, 1], expectedShape: [1, 2])) { try tensors.float32("a", shape: [1, 2]) }
        #expect(throws: ModelError.wrongType(path: temporary.path, tensor: "b", type: "I64", expectedType: "F32")) { try tensors.float32("b", shape: []) }
        #expect(throws: ModelError.missingTensor(path: temporary.path, tensor: "c")) { try tensors.float32("c", shape: []) }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12, SafeTensorsProblem.gapOrOverlap(atByte: 70)),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, .gapOrOverlap(atByte: 63)),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, 6, .gapOrOverlap(atByte: 115)),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}}"#, 7, .invalidOffsets(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, .invalidOffsets(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, .invalidOffsets(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}"#, 8, .invalidOffsets(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, .invalidOffsets(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8, .invalidShape(tensor: "a")),
        (#"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, 8, .invalidShape(tensor: "a")),
        (#"{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}"#, 8, .unknownType(tensor: "a", type: "F4")),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 8, .headerNotJSON),
        (#"[]"#, 0, .headerNotJSON), ("", 0, .headerNotJSON), (#" {}"#, 0, .headerNotJSON), (#"{"a":1}"#, 0, .headerNotJSON),
        (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, 8, .headerNotJSON),
        (String(repeating: #"{"a":"#, count: 100_000), 0, .headerNotJSON),
    ])
    func `is refused with what is wrong`(header: String, dataBytes: Int, problem: SafeTensorsProblem) throws {
        let temporary = try TemporaryFile(file(header: header, data: [UInt8](repeating: 0, count: dataBytes)))
        #expect(throws: ModelError.invalidSafeTensors(path: temporary.path, problem)) { try SafeTensorsFile(path: temporary.path) }
    }

    @Test func `is refused with a header that claims to be huge`() throws {
        for size: [UInt8] in [[255, 255, 255, 255, 255, 255, 255, 255], [1, 0, 128, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 128]] {
            let temporary = try TemporaryFile(size + [123, 125])
            let claimed = size.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(throws: ModelError.invalidSafeTensors(path: temporary.path, .headerTooLarge(bytes: claimed, limitBytes: 8 << 20))) {
                try SafeTensorsFile(path: temporary.path)
            }
        }
    }

    @Test func `is refused at every length short of its own`() throws {
        let bytes = file(header: twoTensors, data: [UInt8](repeating: 1, count: 16))
        for length in 0..<bytes.count {
            let temporary = try TemporaryFile(Array(bytes[..<length]))
            #expect(throws: ModelError.self) { try SafeTensorsFile(path: temporary.path) }
        }
    }

    @Test func `survives 3,000 mutations, and what it then accepts lies within the file`() throws {
        var generator = SeededGenerator(seed: 11)
        let original = file(header: twoTensors, data: [UInt8](repeating: 1, count: 16))
        let digits = Array(#"0123456789-[]{},":eF"#.utf8)
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[index] = digits.randomElement(using: &generator) ?? 0
                case 2: bytes.insert(digits.randomElement(using: &generator) ?? 0, at: index)
                default: bytes.remove(at: index)
                }
            }
            let temporary = try TemporaryFile(bytes)
            guard let tensors = try? SafeTensorsFile(path: temporary.path).tensors else { continue }
            for tensor in tensors.values { #expect(tensor.byteRange.lowerBound >= 8 && tensor.byteRange.upperBound <= bytes.count) }
        }
    }

    @Test func `that is missing or a folder is named in the error`() {
        #expect(throws: ModelError.unreadable(path: "/nowhere/model.safetensors", errno: ENOENT)) { try SafeTensorsFile(path: "/nowhere/model.safetensors") }
        #expect(throws: ModelError.unreadable(path: "/tmp", errno: EISDIR)) { try SafeTensorsFile(path: "/tmp") }
        #expect("\(ModelError.unreadable(path: "/nowhere/vocab.txt", errno: ENOENT))" == "/nowhere/vocab.txt: No such file or directory")
    }
}
