import Crypto

/// SHA-256 of a key.
///
/// A store may find it by an index, which takes a time that depends on the hash; that tells an attacker nothing of use,
/// because who can choose a key's hash has broken SHA-256. Equality takes the same time for any two hashes.
public struct KeyHash: Sendable {
    public static let byteCount = 32

    /// 32 bytes.
    public let bytes: [UInt8]

    init(of key: String) {
        bytes = Array(SHA256.hash(data: Array(key.utf8)))
    }

    /// A stored hash; `nil` unless it has 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

extension KeyHash: Hashable {
    public static func == (left: KeyHash, right: KeyHash) -> Bool { SecretBytes.areEqual(left.bytes, right.bytes) }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension KeyHash: CustomStringConvertible, CustomReflectable {
    /// Nothing of it: a key that a person chose could be guessed from its hash.
    public var description: String { "SHA-256 of a key" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
