/// SipHash-2-4 with 64 bits of result: a keyed hash for short inputs (Aumasson and Bernstein 2012, eprint 2012/351).
///
/// Keyed with the store's id, so that nobody outside can prepare many records with one digest and make each insert
/// compare itself with all of them.
struct SipHash {
    private var v0, v1, v2, v3: UInt64
    private var tail: UInt64 = 0
    private var byteCount = 0

    init(key0: UInt64, key1: UInt64) {
        v0 = key0 ^ 0x736f_6d65_7073_6575
        v1 = key1 ^ 0x646f_7261_6e64_6f6d
        v2 = key0 ^ 0x6c79_6765_6e65_7261
        v3 = key1 ^ 0x7465_6462_7974_6573
    }

    mutating func update(_ bytes: [UInt8]) {
        var index = 0
        let wholeEnd = byteCount & 7 == 0 ? bytes.count & ~7 : 0
        unsafe bytes.withUnsafeBytes { buffer in
            while index < wholeEnd {
                // `index + 8 <= wholeEnd <= bytes.count`.
                absorb(UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
                index += 8
            }
        }
        byteCount += wholeEnd
        while index < bytes.count {
            tail |= UInt64(bytes[index]) << UInt64(8 * (byteCount & 7))
            byteCount += 1
            index += 1
            if byteCount & 7 == 0 {
                absorb(tail)
                tail = 0
            }
        }
    }

    /// The hash of all bytes so far.
    func finalized() -> UInt64 {
        var state = self
        state.absorb(tail | UInt64(truncatingIfNeeded: byteCount) << 56)
        state.v2 ^= 0xff
        for _ in 0..<4 { state.round() }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }

    private mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 = v2 &+ v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 = v0 &+ v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 = v2 &+ v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}
