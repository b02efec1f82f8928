import Testing

@testable import Access

@Suite("Ranges of addresses") struct NetworkRangeTests {
    /// From Python's `ipaddress`: `ip_address(a) in ip_network(r)`, an IPv4-mapped address taken for the IPv4 one.
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "9.255.255.255", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false), ("0.0.0.0/0", "::ffff:8.8.8.8", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("192.0.2.7/32", "::ffff:192.0.2.7", true),
        ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false), ("128.0.0.0/1", "127.255.255.255", false),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fc00::1", false), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false), ("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true),
        ("2001:db8::/65", "2001:db8::8000:0:0:0", false), ("::/0", "2001:db8::1", true), ("::1", "::1", true), ("::1", "::2", false),
        ("::1/128", "127.0.0.1", false),
    ])
    func `hold the addresses that share their first bits`(range: String, address: String, isInside: Bool) throws {
        let range = try #require(NetworkRange(range))
        #expect(range.contains(try #require(NetworkAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/", "/8", "10", "10.0.0/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/08",
        "10.0.0.0/٨", "10.0.0.1/8", "10.0.0.0 /8", "::/129", "fd00::1/8", "fe80::1%eth0", "fe80::1%eth0/64", "[::1]", "[::1]/128",
        "localhost", "10.0.0.0/255.0.0.0", "10.0.0.0/8\0", "10.0.0.1:80", "*",
    ])
    func `are refused where they are none, or have bits behind those that count`(text: String) {
        #expect(NetworkRange(text) == nil)
    }
}

@Suite("Trusted proxies") struct TrustedProxyTests {
    private let proxies: TrustedProxies

    init() throws { proxies = try TrustedProxies(parsing: "10.0.0.0/8, 127.0.0.1,2001:db8:ffff::/48") }

    private func client(_ peer: String, _ forwardedFor: [String] = [], _ forwarded: [String] = []) -> String? {
        proxies.client(peer: peer, forwardedFor: forwardedFor, forwarded: forwarded)
    }

    @Test func `are nobody by default, and then nothing is believed`() throws {
        for none in [TrustedProxies.none, try TrustedProxies(parsing: "")] {
            #expect(none.isEmpty)
            #expect(none.client(peer: "127.0.0.1", forwardedFor: ["203.0.113.7"], forwarded: ["for=203.0.113.7"]) == nil)
        }
    }

    @Test(arguments: ["203.0.113.9", "2001:db8::1", "11.0.0.1", "", "-", "unix"])
    func `are not whoever says so`(peer: String) {
        #expect(client(peer, ["203.0.113.7"], ["for=203.0.113.7"]) == nil)
    }

    @Test(arguments: [
        (["203.0.113.7"], "203.0.113.7"), ([" 203.0.113.7 "], "203.0.113.7"), (["2001:db8::7"], "2001:db8::7"),
        // What the client wrote itself stands before what the proxy has added.
        (["8.8.8.8, 203.0.113.7"], "203.0.113.7"), (["8.8.8.8", "203.0.113.7"], "203.0.113.7"),
        (["10.1.2.3, 203.0.113.7"], "203.0.113.7"), (["203.0.113.7, 10.0.0.2, 10.0.0.3"], "203.0.113.7"),
        (["8.8.8.8, 203.0.113.7, 10.0.0.2", "2001:db8:ffff::1"], "203.0.113.7"), ([",203.0.113.7"], "203.0.113.7"),
        // A client that is a trusted machine itself.
        (["10.0.0.9"], "10.0.0.9"), (["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
        // Ports, as some proxies write them.
        (["203.0.113.7:4711"], "203.0.113.7"), (["[2001:db8::7]:4711"], "2001:db8::7"), (["[2001:db8::7]"], "2001:db8::7"),
        // What is no address ends the reading at the proxy that wrote it.
        (["8.8.8.8, unknown, 10.0.0.2"], "10.0.0.2"), (["8.8.8.8, , 10.0.0.2"], "10.0.0.2"),
        (["8.8.8.8, evil\u{1F}, 10.0.0.2"], "10.0.0.2"), (["8.8.8.8, 010.0.0.1, 10.0.0.2"], "10.0.0.2"),
    ])
    func `tell the client by X-Forwarded-For, read backwards`(values: [String], expected: String) {
        #expect(client("127.0.0.1", values) == expected)
        #expect(client("::ffff:127.0.0.1", values) == expected)
    }

    @Test(arguments: ["", " ", ",", "unknown", "203.0.113.7, ", "203.0.113.7, x", "203.0.113.7:", "203.0.113.7:1234567", "[203.0.113.7]", "1.2.3"])
    func `who say nothing that can be read are the client themselves`(value: String) {
        #expect(client("127.0.0.1", [value]) == nil)
    }

    /// The first four are RFC 7239's own examples (sections 4 and 6).
    @Test(arguments: [
        ([#"for="[2001:db8:cafe::17]:4711""#], "2001:db8:cafe::17"), (["for=192.0.2.60;proto=http;by=203.0.113.43"], "192.0.2.60"),
        (["for=192.0.2.43, for=198.51.100.17"], "198.51.100.17"), ([#"For="[2001:db8:cafe::17]""#], "2001:db8:cafe::17"),
        (["for=203.0.113.7", "for=10.0.0.2"], "203.0.113.7"), ([#"proto=https; for="203.0.113.7:80" "#], "203.0.113.7"),
        ([#"for="a,b;for=8.8.8.8", for=203.0.113.7"#], "203.0.113.7"), ([#"host="x\"y,for=8.8.8.8";for=203.0.113.7"#], "203.0.113.7"),
        (["for=203.0.113.7, for=_hidden, for=10.0.0.2"], "10.0.0.2"), (["for=203.0.113.7, proto=https, for=10.0.0.2"], "10.0.0.2"),
        (["for=203.0.113.7;for=8.8.8.8, for=10.0.0.2"], "10.0.0.2"),
    ])
    func `tell the client by Forwarded, read backwards`(values: [String], expected: String) {
        #expect(client("10.9.9.9", [], values) == expected)
    }

    @Test(arguments: [
        "", "for", "for=", "for=unknown", "by=203.0.113.7", #"for="203.0.113.7"#, #"for=20"3.0.113.7""#, #"for="203.0.113.7\"""#,
        #"for="x, for=203.0.113.7"#, "for=203.0.113.7;for=203.0.113.7", "for==203.0.113.7",
    ])
    func `who write no Forwarded that can be read are the client themselves`(value: String) {
        #expect(client("10.9.9.9", [], [value]) == nil)
    }

    @Test func `are believed by neither header where the two name different clients`() {
        #expect(client("10.9.9.9", ["203.0.113.7"], ["for=203.0.113.7"]) == "203.0.113.7")
        #expect(client("10.9.9.9", ["203.0.113.7"], ["for=203.0.113.8"]) == nil)
        #expect(client("10.9.9.9", ["203.0.113.7"], ["for=unknown"]) == nil)
        #expect(client("10.9.9.9", ["unknown"], ["for=203.0.113.8"]) == nil)
    }

    @Test func `take a list of any length in bounded time`() {
        let long = Array(repeating: "8.8.8.8", count: 100_000).joined(separator: ",")
        #expect(client("10.9.9.9", [long + ", 203.0.113.7"]) == "203.0.113.7")
        #expect(client("10.9.9.9", [], ["for=" + long.replacing(",", with: ",for=") + ",for=203.0.113.7"]) == "203.0.113.7")
    }

    @Test(arguments: [("10.0.0.0/8,", ""), ("x", "x"), ("10.0.0.0/8,10.0.0.1/8", "10.0.0.1/8"), ("10.0.0.0/8;::1", "10.0.0.0/8;::1")])
    func `are refused with the one that is wrong`(text: String, wrong: String) {
        let error = AccessConfigurationError.badProxy(wrong)
        #expect(throws: error) { try TrustedProxies(parsing: text) }
        #expect(error.description.hasPrefix("--trusted-proxies: '\(wrong)' is no "))
        #expect(throws: AccessConfigurationError.tooManyProxies(proxyCount: 1_001, limit: 1_000)) {
            try TrustedProxies(parsing: Array(repeating: "::1", count: 1_001).joined(separator: ","))
        }
    }
}
