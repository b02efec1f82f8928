internal import CZeroMQ

/// A CURVE public key, as 40 characters of Z85: ZeroMQ RFC 26 and 32.
public struct CurvePublicKey: Sendable, Hashable {
    public let z85: String
    let bytes: [UInt8]

    public init(z85: String) throws(MessagingError) {
        guard let bytes = CurveKeyText.decode(z85) else { throw .badCurveKey }
        self.z85 = z85
        self.bytes = bytes
    }
}

/// A CURVE key pair. Its description does not show the secret.
public struct CurveKeyPair: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let publicKey: CurvePublicKey
    /// 40 characters of Z85: for a file that only its owner reads.
    public let secretZ85: String
    let secretBytes: [UInt8]

    /// The public key follows from the secret one.
    public init(secretZ85: String) throws(MessagingError) {
        guard let bytes = CurveKeyText.decode(secretZ85), let publicText = CurveKeyText.publicText(of: secretZ85) else {
            throw .badCurveKey
        }
        self.publicKey = try CurvePublicKey(z85: publicText)
        self.secretZ85 = secretZ85
        self.secretBytes = bytes
    }

    public static func generate() throws(MessagingError) -> CurveKeyPair {
        guard let text = CurveKeyText.generateSecret() else { throw .systemResources(errno: zmq_errno()) }
        return try CurveKeyPair(secretZ85: text)
    }

    public var description: String { "CurveKeyPair(publicKey: \(publicKey.z85))" }
    public var debugDescription: String { description }
}

/// Z85 through libzmq, whose functions take and give texts of 40 characters with a zero after them.
private enum CurveKeyText {
    static let characterCount = 40
    static let keyBytes = 32
    /// RFC 32's alphabet: libzmq 4.3.4 reads past its table for some characters outside, so they are refused first.
    private static let alphabet = Set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count == characterCount, text.utf8.allSatisfy(alphabet.contains) else { return nil }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: keyBytes) { buffer, count in
            // The text has 40 characters, so libzmq writes 32 bytes or refuses it.
            let written = unsafe text.withCString { text in unsafe zmq_z85_decode(buffer.baseAddress, text) != nil }
            count = written ? keyBytes : 0
        }
        return bytes.isEmpty ? nil : bytes
    }

    static func publicText(of secret: String) -> String? {
        unsafe text { buffer in unsafe secret.withCString { secret in unsafe zmq_curve_public(buffer, secret) } }
    }

    static func generateSecret() -> String? {
        var publicText = [CChar](repeating: 0, count: characterCount + 1)
        return unsafe text { secret in
            unsafe publicText.withUnsafeMutableBufferPointer { buffer in
                unsafe zmq_curve_keypair(buffer.baseAddress, secret)
            }
        }
    }

    private static func text(_ fill: (UnsafeMutablePointer<CChar>?) -> CInt) -> String? {
        var buffer = [CChar](repeating: 0, count: characterCount + 1)
        let result = unsafe buffer.withUnsafeMutableBufferPointer { unsafe fill($0.baseAddress) }
        guard result == 0 else { return nil }
        return String(decoding: buffer.prefix(characterCount).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
