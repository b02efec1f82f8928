import Glibc

/// Why a model folder cannot be used: which file, and what is wrong with it.
public enum ModelError: Error, Hashable {
    case unreadable(path: String, errno: Int32)
    /// More bytes than any file of its kind has.
    case fileTooLarge(path: String, bytes: Int, limitBytes: Int)
    case wrongChecksum(path: String, sha256: String, expectedSHA256: String)
    case invalidSafeTensors(path: String, SafeTensorsProblem)
    case missingTensor(path: String, tensor: String)
    case wrongShape(path: String, tensor: String, shape: [Int], expectedShape: [Int])
    case wrongType(path: String, tensor: String, type: String, expectedType: String)
    /// A weight is infinite or not a number, so every vector would be.
    case notFinite(path: String, tensor: String)
    case invalidConfiguration(path: String, problem: String)
    /// `line` counts from 1; 0 means the file as a whole.
    case invalidVocabulary(path: String, line: Int, problem: String)
}

/// What is wrong with a safetensors file.
public enum SafeTensorsProblem: Hashable, Sendable {
    case truncated(bytes: Int, neededBytes: Int)
    case headerTooLarge(bytes: UInt64, limitBytes: Int)
    case headerNotJSON
    case unknownType(tensor: String, type: String)
    /// A negative or overflowing shape.
    case invalidShape(tensor: String)
    /// The offsets are not the tensor's size apart.
    case invalidOffsets(tensor: String)
    /// Tensors overlap, or bytes belong to none: the format allows neither.
    case gapOrOverlap(atByte: Int)
}

extension ModelError: CustomStringConvertible {
    /// One line for a person: the file, then what is wrong with it.
    public var description: String {
        switch self {
        case .unreadable(let path, let errno): "\(path): \(unsafe String(cString: strerror(errno)))"
        case .fileTooLarge(let path, let bytes, let limit): "\(path): has \(bytes) bytes, more than \(limit)"
        case .wrongChecksum(let path, let found, let expected): "\(path): has SHA-256 \(found), not \(expected)"
        case .invalidSafeTensors(let path, let problem): "\(path): is no valid safetensors file: \(problem)"
        case .missingTensor(let path, let tensor): "\(path): has no tensor \(tensor)"
        case .wrongShape(let path, let tensor, let shape, let expected):
            "\(path): tensor \(tensor) has shape \(shape), not the \(expected) that config.json asks for"
        case .wrongType(let path, let tensor, let type, let expected): "\(path): tensor \(tensor) is of type \(type), not \(expected)"
        case .notFinite(let path, let tensor): "\(path): tensor \(tensor) has values that are not finite"
        case .invalidConfiguration(let path, let problem): "\(path): \(problem)"
        case .invalidVocabulary(let path, let line, let problem): line > 0 ? "\(path):\(line): \(problem)" : "\(path): \(problem)"
        }
    }
}

extension SafeTensorsProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let bytes, let needed): "it ends after \(bytes) of \(needed) bytes"
        case .headerTooLarge(let bytes, let limit): "its header claims \(bytes) bytes, more than \(limit)"
        case .headerNotJSON: "its header is not the JSON object of the format"
        case .unknownType(let tensor, let type): "tensor \(tensor) is of the unknown type \(type)"
        case .invalidShape(let tensor): "tensor \(tensor) has an impossible shape"
        case .invalidOffsets(let tensor): "the offsets of tensor \(tensor) do not fit its shape"
        case .gapOrOverlap(let byte): "at byte \(byte) tensors overlap or leave a gap"
        }
    }
}
