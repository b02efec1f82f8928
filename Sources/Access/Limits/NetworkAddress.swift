import Glibc

/// An IPv4 or IPv6 address of a client or a socket.
public struct NetworkAddress: Sendable, Hashable {
    /// As IPv6, in network order; an IPv4 address is `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), however it was written.
    let high: UInt64
    let low: UInt64

    private static let mappedIPv4Prefix: UInt64 = 0xFFFF << 32

    /// Reads four decimal numbers or any spelling of IPv6, with or without a zone (`fe80::1%eth0`, which is ignored).
    /// `nil` for anything else: names, abbreviated or octal IPv4, brackets, ports.
    public init?(_ text: String) {
        // C ends its texts at a NUL, so one inside would hide what follows it.
        guard text.utf8.count <= 64, !text.utf8.contains(0) else { return nil }
        var ipv4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            high = 0
            low = Self.mappedIPv4Prefix | UInt64(UInt32(bigEndian: ipv4.s_addr))
            return
        }
        let address = text.prefix { $0 != "%" }
        guard address.utf8.count == text.utf8.count || text.utf8.count > address.utf8.count + 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, String(address), &bytes) == 1 else { return nil }
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        isIPv4 ? low & 0xFF00_0000 == 0x7F00_0000 : high == 0 && low == 1
    }
}
