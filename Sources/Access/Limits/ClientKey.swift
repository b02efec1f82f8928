import Crypto

/// What a limit is kept for: a key, an address, a user. Always 17 bytes, so that long names take no memory.
public struct ClientKey: Sendable, Hashable {
    private enum Kind: UInt8 { case staticKey, apiKey, user, address, unknownAddress }

    private let kind: Kind
    private let high: UInt64
    private let low: UInt64

    private init(_ kind: Kind, _ high: UInt64, _ low: UInt64) {
        self.kind = kind
        self.high = high
        self.low = low
    }

    /// One IPv4 address, or a whole /64 of IPv6: a subscriber is given at least that much, and with single addresses could
    /// begin anew 2⁶⁴ times.
    public static func address(_ address: NetworkAddress) -> ClientKey {
        ClientKey(.address, address.high, address.isIPv4 ? address.low : 0)
    }

    /// An address as text; all that are none (a Unix socket's) share one key.
    public static func address(_ text: String) -> ClientKey {
        NetworkAddress(text).map(Self.address) ?? ClientKey(.unknownAddress, 0, 0)
    }

    /// A user's name or id, known or not.
    public static func user(_ name: String) -> ClientKey { digest(.user, name) }

    /// Limits are per key where there is a good one, else per address; a refused key would otherwise be a new client each time
    /// it is changed.
    public static func client(_ caller: Caller, address: String) -> ClientKey {
        guard case .known(let identity) = caller else { return .address(address) }
        switch identity.principal {
        case .staticKey: return ClientKey(.staticKey, 0, 0)
        case .apiKey(let id): return digest(.apiKey, id)
        case .user(let id, _): return .user(id)
        }
    }

    private static func digest(_ kind: Kind, _ text: String) -> ClientKey {
        let digest = Array(SHA256.hash(data: Array(text.utf8)))
        let words = [digest[..<8], digest[8..<16]].map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
        return ClientKey(kind, words[0], words[1])
    }
}
