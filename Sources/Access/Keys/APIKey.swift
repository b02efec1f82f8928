import Crypto

/// A key that a program presents in `X-API-Key`, as its owner sees it once, when it is made.
///
/// `kazi_`, then base32 (RFC 4648 §6, in lower case): 12 digits of id, 52 digits that are 256 random bits, 6 digits of checksum,
/// the first 30 bits of SHA-256 over what precedes them. The fixed beginning lets secret scanners find a key that leaked;
/// the id names the key in lists and logs and finds its row without the secret; the checksum tells a typing error (1 in 10⁹
/// passes) from a key that is unknown, without asking the store. There is no separator besides the first, so that a double
/// click selects the whole.
///
/// Only the hash of a key is stored. It is plain SHA-256: a slow hash protects secrets that people choose, and 2²⁵⁶
/// random keys cannot be tried at any speed.
public struct APIKey: Sendable, Equatable {
    /// What every key begins with.
    public static let marker = "kazi_"
    /// 60 random bits: among a million keys two share an id with a chance of 1 in 2 million, and the store refuses the second.
    public static let idDigitCount = 12
    private static let secretBytes = 32
    private static let secretDigitCount = 52
    private static let checksumDigitCount = 6

    /// The whole key. A secret: it goes to its owner and nowhere else.
    public let text: String

    /// Makes a new key from the system's generator of secrets.
    public static func generate() -> APIKey {
        var generator = SystemRandomNumberGenerator()
        return generate(using: &generator)
    }

    static func generate(using generator: inout some RandomNumberGenerator) -> APIKey {
        // 8 bytes are 13 digits, of which the last one holds 4 bits.
        let id = Base32.encode(SecretBytes.random(byteCount: 8, using: &generator)).prefix(idDigitCount)
        let secret = Base32.encode(SecretBytes.random(byteCount: secretBytes, using: &generator))
        return APIKey(checked: marker + id + secret + checksum(of: marker + id + secret))
    }

    /// Reads a key as a client sends it.
    ///
    /// - Throws: `APIKeyFault`, which says whether it is no key of ours or one with a typing error.
    public init(parsing text: String) throws(APIKeyFault) {
        guard text.utf8.starts(with: Self.marker.utf8) else { throw .foreign }
        let digits = text.utf8.dropFirst(Self.marker.utf8.count)
        let expectedCount = Self.idDigitCount + Self.secretDigitCount + Self.checksumDigitCount
        guard digits.count == expectedCount else {
            throw .wrongLength(digitCount: digits.count, expectedCount: expectedCount)
        }
        guard digits.allSatisfy(Base32.isDigit) else { throw .badDigit }
        let checksum = Self.checksum(of: String(text.dropLast(Self.checksumDigitCount)))
        guard text.hasSuffix(checksum) else { throw .wrongChecksum }
        self.text = text
    }

    private init(checked text: String) { self.text = text }

    /// 12 digits, no secret: what a store may find a key by.
    public var id: String { String(text.dropFirst(Self.marker.count).prefix(Self.idDigitCount)) }

    /// `kazi_` and the id: what lists and logs may show of a key, and what its owner can search them for.
    public var prefix: String { Self.marker + id }

    /// What the store keeps in place of the key.
    public var hash: KeyHash { KeyHash(of: text) }

    public static func == (left: APIKey, right: APIKey) -> Bool { left.hash == right.hash }

    private static func checksum(of text: String) -> String {
        // 4 bytes are 7 digits, of which the last one holds 2 bits of nothing new.
        String(Base32.encode(SHA256.hash(data: Array(text.utf8)).prefix(4)).prefix(checksumDigitCount))
    }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The id and an ellipsis, so that a key that is printed by mistake is not told.
    public var description: String { prefix + "…" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [("id", id)]) }
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
