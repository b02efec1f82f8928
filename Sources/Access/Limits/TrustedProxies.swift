/// The proxies whose word is taken for whom they speak. Anybody can send `X-Forwarded-For`; only what came from one of these is
/// believed, and of that only what one of these has added.
public struct TrustedProxies: Sendable, Equatable {
    /// Nobody's word is taken.
    public static let none = TrustedProxies(ranges: [])

    public static let rangeCountMax = 1_000

    private let ranges: [NetworkRange]

    private init(ranges: [NetworkRange]) { self.ranges = ranges }

    /// - Parameter text: Addresses and ranges with commas between them: `10.0.0.0/8, ::1`. Empty: none.
    public init(parsing text: String) throws(AccessConfigurationError) {
        var ranges: [NetworkRange] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where !text.isEmpty {
            let name = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            guard let range = NetworkRange(name) else { throw .badProxy(name) }
            ranges.append(range)
        }
        guard ranges.count <= Self.rangeCountMax else {
            throw .tooManyProxies(proxyCount: ranges.count, limit: Self.rangeCountMax)
        }
        self.ranges = ranges
    }

    public var isEmpty: Bool { ranges.isEmpty }

    public func contains(_ address: NetworkAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// The address that a request comes from, by the word of trusted proxies.
    ///
    /// Both headers are lists that every proxy adds the address of its own client to, at the end. They are read backwards: an
    /// address that is no trusted proxy's is the client, and what stands before it is the client's own say, believed by nobody.
    /// An entry that is no address (`unknown`, `_hidden`) ends the reading at the proxy that wrote it. Where both headers are
    /// there and name different clients, a proxy has passed on one that it did not write: neither is believed.
    ///
    /// - Parameters:
    ///   - peer: Who is at the other end of the connection, as text.
    ///   - forwardedFor: The values of `X-Forwarded-For`, in the order of the header lines.
    ///   - forwarded: Those of `Forwarded` (RFC 7239).
    /// - Returns: `nil` where that is the peer itself.
    public func client(peer: String, forwardedFor: [String], forwarded: [String]) -> String? {
        guard !isEmpty, !forwardedFor.isEmpty || !forwarded.isEmpty else { return nil }
        guard let address = NetworkAddress(peer), contains(address) else { return nil }
        let hops = forwardedFor.isEmpty ? nil : Self.addresses(inForwardedFor: forwardedFor)
        let elements = forwarded.isEmpty ? nil : ForwardedElement.addresses(in: forwarded)
        let clients = [hops, elements].compactMap { $0 }.map(client)
        guard let first = clients.first, clients.allSatisfy({ $0?.address == first?.address }) else { return nil }
        return first?.text
    }

    /// The last address that is no trusted proxy's; where all are, the first of those that a proxy vouches for.
    private func client(_ hops: [ForwardedAddress?]) -> ForwardedAddress? {
        var client: ForwardedAddress?
        for hop in hops.reversed() {
            guard let hop else { break }
            client = hop
            if !contains(hop.address) { break }
        }
        return client
    }

    private static func addresses(inForwardedFor values: [String]) -> [ForwardedAddress?] {
        values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { ForwardedAddress($0) }
    }
}

/// An address as proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
struct ForwardedAddress: Equatable {
    let address: NetworkAddress
    /// Without brackets and port.
    let text: String

    /// `nil` where it is none.
    init?(_ written: some StringProtocol) {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let node = String(written.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        let host: Substring
        let rest: Substring
        if node.hasPrefix("[") {
            guard let end = node.firstIndex(of: "]") else { return nil }
            host = node[node.index(after: node.startIndex)..<end]
            rest = node[node.index(after: end)...]
            guard host.contains(":") else { return nil }
        } else if let colon = node.firstIndex(of: ":"), node[node.index(after: colon)...].contains(":") == false {
            host = node[..<colon]
            rest = node[colon...]
        } else {
            host = node[...]
            rest = ""
        }
        guard rest.isEmpty || Self.isPort(rest), !host.contains("%"), let address = NetworkAddress(String(host)) else { return nil }
        self.address = address
        text = String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && (2...6).contains(text.utf8.count)
            && text.dropFirst().utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
