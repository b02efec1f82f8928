internal import WireProtocol

/// A ZeroMQ endpoint that was looked at: whether it is well-formed, and whether other machines reach it.
struct Endpoint: Sendable {
    let text: String
    let isLocal: Bool
    /// An IPv6 address in brackets.
    let isIPv6: Bool

    /// - Parameter isBinding: `*` as a host or port then means "any".
    init(_ text: String, isBinding: Bool) throws(MessagingError) {
        guard WireLimits.endpointBytesRange.contains(text.utf8.count), !text.utf8.contains(0),
            let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://")
        else { throw .badEndpoint(text) }
        let rest = text[colon...].dropFirst(3)
        switch text[..<colon] {
        case "ipc", "inproc":
            guard !rest.isEmpty else { throw .badEndpoint(text) }
            isLocal = true
            isIPv6 = false
        case "tcp":
            guard let colon = rest.lastIndex(of: ":") else { throw .badEndpoint(text) }
            let host = rest[..<colon]
            guard Self.isPort(rest[rest.index(after: colon)...], isBinding: isBinding),
                Self.isHost(host, isBinding: isBinding)
            else { throw .badEndpoint(text) }
            isLocal = Self.isLoopback(host)
            isIPv6 = host.hasPrefix("[")
        default:
            throw .badEndpoint(text)
        }
        self.text = text
    }

    private static func isPort(_ port: Substring, isBinding: Bool) -> Bool {
        if isBinding, port == "*" || port == "0" { return true }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port) else { return false }
        return (1...65_535).contains(number)
    }

    private static func isHost(_ host: Substring, isBinding: Bool) -> Bool {
        if host == "*" { return isBinding }
        if host.hasPrefix("[") {
            return host.hasSuffix("]") && host.utf8.count > 2
                && host.dropFirst().dropLast().utf8.allSatisfy { isHexadecimal($0) || $0 == 0x3A || $0 == 0x2E }
        }
        // A name or an IPv4 address. Not `;`, with which ZeroMQ names a source address.
        return !host.isEmpty
            && host.utf8.allSatisfy { byte in
                isHexadecimal(byte) || (0x67...0x7A).contains(byte) || (0x47...0x5A).contains(byte) || byte == 0x2D
                    || byte == 0x2E || byte == 0x5F
            }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// 127.0.0.0/8, ::1 and the name `localhost`. A name such as `127.example.org` is none: all four parts are numbers.
    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
