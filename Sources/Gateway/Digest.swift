import Crypto

/// SHA-256, as text and as a number.
enum Digest {
    /// 64 lower-case hexadecimal digits.
    static func sha256(_ text: String) -> String { sha256(Array(text.utf8)) }

    /// 64 lower-case hexadecimal digits.
    static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The first eight bytes, big-endian.
    static func sha256Prefix(_ text: String) -> UInt64 {
        SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
