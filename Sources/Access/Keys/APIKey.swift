import Crypto

/// A key that a program presents in `X-API-Key`, as its owner sees it once, when it is made.
///
/// `kazi_`, then 160 random bits as 32 digits of base32 (RFC 4648 §6, in lower case), then 6 digits of checksum: the first
/// 30 bits of SHA-256 over what precedes them. The fixed beginning lets secret scanners find a key that leaked; the checksum
/// tells a typing error (1 in 10⁹ passes) from a key that is unknown, without asking the store. There is no separator
/// besides the first, so that a double click selects the whole.
///
/// Only the hash of a key is stored. It is plain SHA-256: a slow hash protects secrets that people choose, and 2¹⁶⁰
/// random keys cannot be tried at any speed.
public struct APIKey: Sendable, Equatable {
    /// What every key begins with.
    public static let marker = "kazi_"
    private static let randomBytes = 20
    private static let bodyDigitCount = 32
    private static let checksumDigitCount = 6
    private static let prefixDigitCount = 8

    /// The whole key. A secret: it goes to its owner and nowhere else.
    public let text: String

    /// Makes a new key from the system's generator of secrets.
    public static func generate() -> APIKey {
        var generator = SystemRandomNumberGenerator()
        return generate(using: &generator)
    }

    static func generate(using generator: inout some RandomNumberGenerator) -> APIKey {
        let body = Base32.encode(SecretBytes.random(byteCount: randomBytes, using: &generator))
        return APIKey(checked: marker + body + checksum(of: marker + body))
    }

    /// Reads a key as a client sends it.
    ///
    /// - Throws: `APIKeyFault`, which says whether it is no key of ours or one with a typing error.
    public init(parsing text: String) throws(APIKeyFault) {
        guard text.hasPrefix(Self.marker) else { throw .foreign }
        let digits = text.utf8.dropFirst(Self.marker.utf8.count)
        let expectedCount = Self.bodyDigitCount + Self.checksumDigitCount
        guard digits.count == expectedCount else {
            throw .wrongLength(digitCount: digits.count, expectedCount: expectedCount)
        }
        guard digits.allSatisfy(Base32.isDigit) else { throw .badDigit }
        let checksum = Self.checksum(of: String(text.dropLast(Self.checksumDigitCount)))
        guard text.hasSuffix(checksum) else { throw .wrongChecksum }
        self.text = text
    }

    private init(checked text: String) { self.text = text }

    /// `kazi_` and 8 digits: enough for people to tell keys apart in lists and logs. 120 bits stay secret.
    public var prefix: String { String(text.prefix(Self.marker.count + Self.prefixDigitCount)) }

    /// What the store keeps and looks keys up by.
    public var hash: KeyHash { KeyHash(of: text) }

    public static func == (left: APIKey, right: APIKey) -> Bool { left.hash == right.hash }

    private static func checksum(of text: String) -> String {
        // 4 bytes are 7 digits, of which the last one holds 2 bits of nothing new.
        String(Base32.encode(SHA256.hash(data: Array(text.utf8)).prefix(4)).prefix(checksumDigitCount))
    }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The prefix and an ellipsis, so that a key that is printed by mistake is not told.
    public var description: String { prefix + "…" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [("prefix", prefix)]) }
}

/// Why a text is not an API key. What the key's owner is told; none of it helps to guess a key.
public enum APIKeyFault: Error, Equatable, Sendable {
    /// It does not begin with `kazi_`.
    case foreign
    case wrongLength(digitCount: Int, expectedCount: Int)
    /// Digits are `a` to `z` and `2` to `7`.
    case badDigit
    /// Every digit is one, yet they do not belong together: a typing error.
    case wrongChecksum
}

/// Base32 without padding: RFC 4648 §6, in lower case. Digits that look alike (0 and o, 1 and l) are not both in it.
enum Base32 {
    private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "2")...UInt8(ascii: "7")).contains(byte)
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                text.append(digits[Int(bits >> bitCount & 0x1F)])
            }
        }
        if bitCount > 0 { text.append(digits[Int(bits << (5 - bitCount) & 0x1F)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
