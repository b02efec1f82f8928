/// Where a page comes from, as browsers write it in the header `Origin`: `scheme://host` and, unless it is the scheme's own,
/// `:port` (RFC 6454 §6.2).
struct Origin: Sendable, Hashable {
    let text: String

    /// Accepts exactly what a browser would send: a setting in another spelling would silently match nothing.
    init(parsing text: String) throws(AccessConfigurationError) {
        if let fault = Self.fault(of: text) { throw .originForm(text, fault) }
        self.text = text
    }

    private static func fault(of text: String) -> AccessConfigurationError.OriginFault? {
        guard text.lowercased() != "null" else { return .null }
        guard let separator = text.utf8.indexAfterScheme() else { return .noScheme }
        let scheme = text[..<separator]
        guard ["http://", "https://"].contains(scheme.lowercased()) else { return .badScheme }
        let authority = text[separator...]
        guard !authority.utf8.contains(where: { "/?#".utf8.contains($0) }) else { return .hasPath }
        guard text.utf8.allSatisfy({ !(0x41...0x5A).contains($0) }) else { return .notLowercase }
        // The port follows the last colon, unless that one is part of an IPv6 address.
        let colon = authority.utf8.lastIndex(of: UInt8(ascii: ":")).flatMap { authority.hasSuffix("]") ? nil : $0 }
        guard isHost(authority[..<(colon ?? authority.endIndex)]) else { return .badHost }
        guard let colon else { return nil }
        return portFault(authority[colon...].dropFirst(), defaultPort: scheme == "http://" ? 80 : 443)
    }

    private static func portFault(_ digits: Substring, defaultPort: Int) -> AccessConfigurationError.OriginFault? {
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.first != "0", let port = Int(digits), port <= 65_535
        else { return .badPort }
        return port == defaultPort ? .defaultPort : nil
    }

    /// A name of letters, digits, hyphens, underscores and single full stops (an international one in its `xn--` form, as
    /// browsers send it), or an IPv6 address in brackets.
    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            return !address.contains("%") && address.contains(":") && NetworkAddress(String(address)) != nil
        }
        guard (1...253).contains(host.utf8.count) else { return false }
        return host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count)
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                    default: false
                    }
                }
        }
    }
}

extension String.UTF8View {
    /// The index behind the first `://`.
    fileprivate func indexAfterScheme() -> Index? {
        guard let colon = firstIndex(of: UInt8(ascii: ":")), self[colon...].starts(with: "://".utf8) else { return nil }
        return index(colon, offsetBy: 3)
    }
}
