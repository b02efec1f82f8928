/// The addresses that share the first bits of one: `10.0.0.0/8`, `fd00::/8`, or a single address.
public struct NetworkRange: Sendable, Hashable {
    private let first: NetworkAddress
    /// Of the 128 bits of an IPv6 address, in which an IPv4 one fills the last 32.
    private let prefixLength: Int

    /// `nil` for what is no address with, or without, a number of bits behind a slash; and for one that has bits set behind
    /// those, which is a typing error more often than not.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = NetworkAddress(String(parts[0])), !parts[0].contains("%") else { return nil }
        let isWrittenAsIPv4 = !parts[0].contains(":")
        var length = 128
        if parts.count == 2 {
            let bitCount = isWrittenAsIPv4 ? 32 : 128
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(digits), (0...bitCount).contains(number), digits.utf8.count == 1 || digits.first != "0"
            else { return nil }
            length = number + 128 - bitCount
        }
        guard Self.masked(address, length) == [address.high, address.low] else { return nil }
        first = address
        prefixLength = length
    }

    public func contains(_ address: NetworkAddress) -> Bool {
        Self.masked(address, prefixLength) == [first.high, first.low]
    }

    private static func masked(_ address: NetworkAddress, _ length: Int) -> [UInt64] {
        [address.high & mask(length), address.low & mask(length - 64)]
    }

    /// The first `count` of 64 bits; none for less than 0, all for more than 64.
    private static func mask(_ count: Int) -> UInt64 { count <= 0 ? 0 : ~0 << UInt64(64 - min(count, 64)) }
}
