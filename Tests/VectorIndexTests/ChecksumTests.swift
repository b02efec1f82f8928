import Testing

@testable import VectorIndex

@Suite("Checksums") struct ChecksumTests {
    /// RFC 3720, appendix B.4, and the check value of CRC-32C ("123456789") in Williams's catalogue.
    static let published: [([UInt8], UInt32)] = [
        (Array(repeating: 0, count: 32), 0x8a91_36aa),
        (Array(repeating: 0xff, count: 32), 0x62a8_ab43),
        (Array(0 ..< 32), 0x46dd_794e),
        ((0 ..< 32).reversed(), 0x113f_db5c),
        (
            [
                0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0,
                0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
            ], 0xd996_3a56
        ),
        (Array("123456789".utf8), 0xe306_9283),
        ([], 0),
    ]

    @Test(arguments: Checksum.available) func `are the published ones`(checksum: Checksum) {
        for (bytes, expected) in Self.published { #expect(checksum(bytes) == expected) }
    }

    @Test(arguments: Checksum.available) func `agree on every length, in one piece or two`(checksum: Checksum) {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0 ..< 80).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        for start in 0 ..< 9 {
            for end in start ... bytes.count {
                let whole = Checksum.available[0](Array(bytes[start ..< end]))
                let middle = start + (end - start) / 3
                let pieces = bytes.withUnsafeBytes { bytes in
                    checksum.extended(
                        checksum.extended(0, by: UnsafeRawBufferPointer(rebasing: bytes[start ..< middle])),
                        by: UnsafeRawBufferPointer(rebasing: bytes[middle ..< end]))
                }
                #expect(pieces == whole)
            }
        }
    }

    @Test func `start with the scalar one`() { #expect(Checksum.available[0].name == "scalar") }
}

extension Checksum: CustomTestStringConvertible {
    public var testDescription: String { name }
}
