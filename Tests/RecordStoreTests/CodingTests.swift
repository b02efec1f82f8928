import RecordSchema
@testable import RecordStore
import Testing

@Suite("Stored forms") struct CodingTests {
    /// vectors_sip64 of the reference implementation, github.com/veorq/SipHash: key 00 01 … 0f, input 00 01 … of each
    /// length, output bytes in little-endian order.
    @Test(arguments: [
        (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462),
        (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
    ] as [(Int, UInt64)])
    func `SipHash gives the reference's values`(length: Int, expected: UInt64) {
        let input = (0..<length).map { UInt8($0) }
        var hash = SipHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)
        hash.update(input)
        #expect(hash.finalized() == expected)
        // The same in two pieces, cut anywhere.
        for cut in 0...length {
            var pieces = SipHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)
            pieces.update(Array(input[..<cut]))
            pieces.update(Array(input[cut...]))
            #expect(pieces.finalized() == expected)
        }
    }

    @Test func `texts keep their identity and their order`() {
        let alphabet: [Unicode.Scalar] = ["\u{0}", "\u{1}", "\u{2}", "a", "é", "😀"]
        var texts: [String] = [""]
        for length in 1...3 {
            var indices = Array(repeating: 0, count: length)
            repeat {
                texts.append(String(String.UnicodeScalarView(indices.map { alphabet[$0] })))
                var place = 0
                while place < length {
                    indices[place] += 1
                    if indices[place] < alphabet.count { break }
                    indices[place] = 0
                    place += 1
                }
                if place == length { break }
            } while true
        }
        #expect(texts.count == 1 + 6 + 36 + 216)
        let encoded = texts.map(StoredText.encode)
        for (text, bytes) in zip(texts, encoded) {
            #expect(!bytes.contains(0))
            #expect(Array(StoredText.decode(bytes).utf8) == Array(text.utf8))
        }
        let byText = texts.indices.sorted { texts[$0].utf8.lexicographicallyPrecedes(texts[$1].utf8) }
        let byBytes = texts.indices.sorted { encoded[$0].lexicographicallyPrecedes(encoded[$1]) }
        #expect(byText == byBytes)
    }

    @Test func `number keys keep value and order`() {
        let numbers: [Double] = [
            -.infinity, -.greatestFiniteMagnitude, -1e300, -1.0.nextUp, -1, -1.0.nextDown, -0.1, -.leastNonzeroMagnitude, 0,
            .leastNonzeroMagnitude, 0.1, 1.0.nextDown, 1, 1.0.nextUp, 1e300, .greatestFiniteMagnitude, .infinity,
        ].sorted()
        let keys = numbers.map(NumberKey.encode)
        #expect(keys == keys.sorted() && Set(keys).count == keys.count)
        #expect(keys.map(NumberKey.decode) == numbers)
        #expect(NumberKey.encode(-0.0) == NumberKey.encode(0))
    }

    @Test func `SQL names of fields are plain and differ`() {
        let columns = ["a", "A", "a b", "a-b", "a_b", "é", "ü", "\"; DROP TABLE x; --", ""].map {
            FilterColumn(name: $0, type: .string)
        }
        #expect(CollectionTables.columnNames(for: columns) == [
            "f_a", "f_A_2", "f_a_b", "f_a_b_2", "f_a_b_3", "f__", "f___2", "f____DROP_TABLE_x____", "f_",
        ])
    }

    @Test func `every commit is synced`() async throws {
        let directory = TemporaryDirectory()
        let store = try openStore(directory)
        // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
        #expect(try await store.pool.writeWithoutTransaction { try $0.integer("PRAGMA synchronous") } == 2)
        #expect(try await store.pool.read { try $0.texts("PRAGMA journal_mode") } == ["wal"])
    }
}
