import Testing

@testable import Access

@Suite("API keys") struct APIKeyTests {
    @Test(arguments: Golden.keys) func `have the shape that Python makes of the same bytes`(golden: Golden.Key) throws {
        var generator = ByteGenerator(bytes: bytes(hexadecimal: golden.random))
        #expect(APIKey.generate(using: &generator).text == golden.key)
        let key = try APIKey(parsing: golden.key)
        #expect(key.id == golden.id)
        #expect(hexadecimal(key.hash.bytes) == golden.sha256)
        #expect(KeyHash(bytes: bytes(hexadecimal: golden.sha256)) == key.hash)
    }

    @Test func `a changed digit is told from an unknown key`() {
        let text = Golden.keys[0].key
        for index in text.indices.dropFirst(APIKey.marker.count) {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "a" ? "b" : "a")
            #expect(throws: APIKeyFault.wrongChecksum) { try APIKey(parsing: changed) }
        }
    }

    @Test func `what is no key is refused with what is wrong`() {
        let text = Golden.keys[0].key
        let faults: [(String, APIKeyFault)] = [
            ("", .foreign), ("secret", .foreign), ("Kazi_" + text.dropFirst(5), .foreign), (" " + text, .foreign),
            ("kazi_", .wrongLength(digitCount: 0, expectedCount: 70)),
            (String(text.dropLast()), .wrongLength(digitCount: 69, expectedCount: 70)),
            (text + "a", .wrongLength(digitCount: 71, expectedCount: 70)),
            (text + String(repeating: "a", count: 1_000_000), .wrongLength(digitCount: 1_000_070, expectedCount: 70)),
            (text.uppercased().replacing("KAZI_", with: "kazi_"), .badDigit),
            (String(text.dropLast()) + "1", .badDigit), (String(text.dropLast()) + "\0", .badDigit),
            (String(text.dropLast(2)) + "é", .badDigit),
        ]
        for (text, fault) in faults { #expect(throws: fault) { try APIKey(parsing: text) } }
    }

    @Test func `no two are alike`() {
        let keys = (0..<1_000).map { _ in APIKey.generate() }
        #expect(Set(keys.map(\.id)).count == keys.count)
        #expect(Set(keys.map { $0.text.dropFirst(17).prefix(52) }).count == keys.count)
        #expect(keys.allSatisfy { (try? APIKey(parsing: $0.text)) == $0 })
    }

    @Test func `printing one does not tell it`() {
        let key = APIKey.generate()
        let secret = key.text.dropFirst(17).prefix(52)
        var dumped = ""
        dump(key, to: &dumped)
        for printed in ["\(key)", String(reflecting: key), dumped] { #expect(!printed.contains(secret.prefix(8))) }
        #expect("\(key)".contains(key.id))
    }

    @Test func `a hash has 32 bytes`() {
        #expect(KeyHash(bytes: []) == nil)
        #expect(KeyHash(bytes: Array(repeating: 0, count: 31)) == nil)
        #expect(KeyHash(bytes: Array(repeating: 0, count: 33)) == nil)
        #expect(KeyHash(bytes: Array(repeating: 0, count: 32)) != KeyHash(bytes: Array(repeating: 1, count: 32)))
    }

    @Test func `a use is noted once a minute, also when the clock was set back`() {
        func key(lastUsedAt: Int64?) -> StoredAPIKey {
            let key = APIKey.generate()
            return StoredAPIKey(
                id: key.id, hash: key.hash, name: "test", role: .reader, createdAt: 0, lastUsedAt: lastUsedAt)
        }
        #expect(key(lastUsedAt: nil).shouldNoteUse(at: 1_000))
        #expect(!key(lastUsedAt: 1_000).shouldNoteUse(at: 1_059))
        #expect(key(lastUsedAt: 1_000).shouldNoteUse(at: 1_060))
        #expect(key(lastUsedAt: 100_000).shouldNoteUse(at: 1_000))
    }

    @Test(arguments: [
        ("", AccessNameFault.length(nameBytes: 0, allowed: 1...200)),
        (String(repeating: "é", count: 101), .length(nameBytes: 202, allowed: 1...200)),
        ("a\nb", .controlCharacter), ("a\u{1B}[31m", .controlCharacter), ("a\0", .controlCharacter),
        ("a\u{202E}b", .controlCharacter), ("a\u{2028}b", .controlCharacter), (" a", .surroundingWhitespace),
        ("a\u{A0}", .surroundingWhitespace),
    ])
    func `a name that a list cannot show is refused`(name: String, fault: AccessNameFault) {
        #expect(throws: fault) {
            try StoredAPIKey(of: .generate(), name: name, role: .reader, createdAt: 0)
        }
    }

    @Test(arguments: ["a", "nightly import", "Ngũgĩ", "می\u{200C}خواهم", String(repeating: "é", count: 100)])
    func `other names are kept`(name: String) throws {
        #expect(try StoredAPIKey(of: .generate(), name: name, role: .reader, createdAt: 0).name == name)
    }
}

@Suite("The static key") struct StaticKeyTests {
    @Test func `matches itself alone`() throws {
        let key = try StaticKey("correct-horse-battery")
        #expect(key.matches("correct-horse-battery"))
        for other in ["", "correct-horse-batter", "correct-horse-battery ", "Correct-horse-battery", "correct-horse-batterz"] {
            #expect(!key.matches(other))
        }
        #expect(!key.matches(String(repeating: "x", count: 10_000_000)))
    }

    @Test func `a short one is known as short`() throws {
        #expect(try StaticKey("1234567890123456789").isShort)
        #expect(try !StaticKey("12345678901234567890").isShort)
    }

    @Test(arguments: [
        ("", AccessConfigurationError.keyIsEmpty), ("two words", .keyNotPrintableASCII), ("line\n", .keyNotPrintableASCII),
        ("schlüssel", .keyNotPrintableASCII), ("nul\0", .keyNotPrintableASCII),
        (String(repeating: "k", count: 1_025), .keyTooLong(keyBytes: 1_025, limitBytes: 1_024)),
    ])
    func `what a header cannot carry is refused at start`(text: String, error: AccessConfigurationError) {
        #expect(throws: error) { try StaticKey(text) }
        #expect(!error.description.contains(text) || text.isEmpty)
    }
}

/// Gives the bytes in order, each as the lowest byte of a word, for code that draws bytes one by one.
struct ByteGenerator: RandomNumberGenerator {
    private var bytes: ArraySlice<UInt8>

    init(bytes: [UInt8]) { self.bytes = bytes[...] }

    mutating func next() -> UInt64 {
        let byte = UInt64(bytes.removeFirst())
        // Wherever the drawing code takes its byte from, it finds it.
        return byte &* 0x0101_0101_0101_0101
    }
}
