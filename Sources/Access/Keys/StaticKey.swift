/// `KAZI_API_KEY`: the one key that comes from the environment and may do everything.
///
/// It may be any text that a header can carry. Only its hash is held, and a presented key is hashed before it is compared,
/// so that neither the time of the comparison nor a memory dump tells the key.
public struct StaticKey: Sendable {
    /// A key longer than this is not hashed: a header of that size is no key.
    public static let limitBytes = 1024
    /// Below this many bytes a key is worth a warning at start; a person chose it, and it can be guessed.
    public static let soundBytes = 20

    /// Whether the key is shorter than `soundBytes`.
    public let isShort: Bool
    private let hash: KeyHash

    public init(_ key: String) throws(AccessConfigurationError) {
        guard !key.isEmpty else { throw .keyIsEmpty }
        guard key.utf8.count <= Self.limitBytes else {
            throw .keyTooLong(keyBytes: key.utf8.count, limitBytes: Self.limitBytes)
        }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .keyNotPrintableASCII }
        isShort = key.utf8.count < Self.soundBytes
        hash = KeyHash(of: key)
    }

    /// Whether `key` is this key, in a time that depends on the length of `key` alone.
    public func matches(_ key: String) -> Bool {
        key.utf8.count <= Self.limitBytes && KeyHash(of: key) == hash
    }
}
