/// Base64 without padding, in one of its two alphabets: RFC 4648 §4 (`+` and `/`), §5 (`-` and `_`).
///
/// Decoding is strict: one text for each byte sequence. The lenient decoders of common libraries skip foreign characters
/// and ignore unused bits, with which a signed text can be changed without its signature noticing.
struct Base64: Sendable {
    /// For headers and addresses: `-` and `_`.
    static let url = Base64(UInt8(ascii: "-"), UInt8(ascii: "_"))
    /// For password strings: `+` and `/`.
    static let standard = Base64(UInt8(ascii: "+"), UInt8(ascii: "/"))

    private let digits: [UInt8]
    /// The value of each byte as a digit, 0xFF for none.
    private let values: [UInt8]

    private init(_ digit62: UInt8, _ digit63: UInt8) {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        digits = letters + [digit62, digit63]
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        self.values = values
    }

    func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(digits[Int(bits >> bitCount & 0x3F)])
            }
        }
        if bitCount > 0 { text.append(digits[Int(bits << (6 - bitCount) & 0x3F)]) }
        return text
    }

    func encode(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: encode(bytes) as [UInt8], as: UTF8.self)
    }

    /// The bytes, or `nil` for a foreign character, padding, an impossible length, or unused bits that are not 0.
    func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for digit in text {
            let value = values[Int(digit)]
            guard value != 0xFF else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        guard bitCount < 6, bits & (1 << bitCount - 1) == 0 else { return nil }
        return bytes
    }
}
