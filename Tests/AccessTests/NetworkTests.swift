import Testing

@testable import Access

@Suite("Network addresses") struct NetworkTests {
    @Test func `are read, grouped and known as loopback as Python's ipaddress has it`() {
        for golden in Golden.addresses {
            let address = NetworkAddress(golden.text)
            #expect((address != nil) == golden.isValid, "\(golden.text)")
            if let address { #expect(address.isLoopback == golden.isLoopback, "\(golden.text)") }
        }
        let valid = Golden.addresses.filter(\.isValid)
        for left in valid {
            for right in valid {
                let isSame = ClientKey.address(left.text) == ClientKey.address(right.text)
                #expect(isSame == (left.group == right.group), "\(left.text), \(right.text)")
            }
        }
    }

    @Test func `texts that are none share one key, which is no address's`() {
        #expect(ClientKey.address("unix:") == ClientKey.address("nonsense"))
        #expect(ClientKey.address("unix:") != ClientKey.address("::"))
    }

    @Test func `a client is its key where it has a good one, else its address`() {
        func known(_ principal: Caller.Principal) -> Caller {
            .known(.init(principal: principal, grant: Grant(role: .reader)))
        }
        let callers: [Caller] = [
            .anonymous, known(.staticKey), known(.apiKey(id: "ann")), known(.apiKey(id: "ben")),
            known(.user(id: "ann", roles: [])), known(.user(id: "ben", roles: [])),
        ]
        let keys = callers.map { ClientKey.client($0, address: "203.0.113.9") }
        #expect(Set(keys).count == callers.count)
        #expect(keys[0] == .address("203.0.113.9"))
        #expect(ClientKey.client(.refused(.unknownKey), address: "203.0.113.9") == keys[0])
        #expect(ClientKey.client(callers[2], address: "198.51.100.1") == keys[2])
        #expect(ClientKey.client(.anonymous, address: "198.51.100.1") != keys[0])
    }

    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1",
    ])
    func `without keys this machine is served`(host: String) {
        #expect(throws: Never.self) { try ListenPolicy.check(host: host, hasKeys: false) }
    }

    @Test(arguments: [
        "0.0.0.0", "::", "[::]", "192.168.1.7", "::ffff:0.0.0.0", "fe80::1", "", "*", "localhost.example.org",
        "127.0.0.1.example.org", "127.1", "2130706433", "[127.0.0.1", "127.0.0.1:8000", "::ffff:10.0.0.1", " 127.0.0.1",
        "127.0.0.1\0.example.org", "localhost.",
    ])
    func `without keys no other machine is, and with keys it is`(host: String) {
        #expect(throws: AccessConfigurationError.foreignAddressWithoutKeys(host: host)) {
            try ListenPolicy.check(host: host, hasKeys: false)
        }
        #expect(throws: Never.self) { try ListenPolicy.check(host: host, hasKeys: true) }
    }

    @Test func `the refusal names the address and what to do`() {
        let text = AccessConfigurationError.foreignAddressWithoutKeys(host: "0.0.0.0").description
        #expect(
            text == "0.0.0.0 is not a loopback address, and there are no keys: set KAZI_API_KEY, make a key with `kazi keys`, "
                + "or listen on 127.0.0.1, ::1 or localhost")
    }
}
