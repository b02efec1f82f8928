import Testing

@testable import Access

@Suite("Text codings") struct CodingTests {
    /// RFC 4648 §10, without padding.
    private static let vectors: [(String, base64: String, base32: String)] = [
        ("", "", ""), ("f", "Zg", "my"), ("fo", "Zm8", "mzxq"), ("foo", "Zm9v", "mzxw6"), ("foob", "Zm9vYg", "mzxw6yq"),
        ("fooba", "Zm9vYmE", "mzxw6ytb"), ("foobar", "Zm9vYmFy", "mzxw6ytboi"),
    ]

    @Test(arguments: vectors) func `are those of RFC 4648`(text: String, base64: String, base32: String) {
        #expect(Base64.url.encode(text.utf8) as String == base64)
        #expect(Base64.standard.encode(text.utf8) as String == base64)
        #expect(Base64.url.decode(base64.utf8) == Array(text.utf8))
        #expect(Base32.encode(text.utf8) == base32)
    }

    @Test func `base64url is that of RFC 7515, appendix C`() {
        #expect(Base64.url.encode([3, 236, 255, 224, 193]) as String == "A-z_4ME")
        #expect(Base64.url.decode("A-z_4ME".utf8) == [3, 236, 255, 224, 193])
        #expect(Base64.standard.encode([3, 236, 255, 224, 193]) as String == "A+z/4ME")
    }

    @Test(arguments: ["A", "Zg==", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "A+z/4ME", "Zm9v.", "é", "Zm8\0"])
    func `decoding refuses padding, foreign characters and spare bits`(text: String) {
        #expect(Base64.url.decode(text.utf8) == nil)
    }

    @Test func `every byte sequence has one text`() {
        var generator = SeededGenerator(seed: 1)
        for byteCount in 0..<100 {
            let bytes = SecretBytes.random(byteCount: byteCount, using: &generator)
            let text: [UInt8] = Base64.url.encode(bytes)
            #expect(Base64.url.decode(text) == bytes)
            guard let last = text.last else { continue }
            // Of the 64 digits that the last place could hold, those that decode must encode back to themselves.
            for digit in Base64.url.encode((0..<48).map { UInt8($0) } + [255]) as [UInt8] where digit != last {
                let other = text.dropLast() + [digit]
                if let decoded = Base64.url.decode(other) { #expect(Base64.url.encode(decoded) as [UInt8] == Array(other)) }
            }
        }
    }
}
