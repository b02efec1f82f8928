/// Strings as filter columns and keys hold them.
///
/// SQLite's JSON functions end a string at U+0000, which a JSON body may well contain. So the two lowest code points
/// are written as pairs: U+0000 as U+0001 U+0001, U+0001 as U+0001 U+0002. Different strings stay different, and their
/// order by bytes stays what it was. Nearly every string is stored as it is.
enum StoredText {
    static func encode(_ string: String) -> [UInt8] {
        guard string.utf8.contains(where: { $0 <= 1 }) else { return [UInt8](string.utf8) }
        var bytes: [UInt8] = []
        for byte in string.utf8 {
            if byte <= 1 {
                bytes.append(1)
                bytes.append(byte + 1)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) -> String {
        guard bytes.contains(1) else { return String(decoding: bytes, as: UTF8.self) }
        var utf8: [UInt8] = []
        utf8.reserveCapacity(bytes.count)
        var afterMark = false
        for byte in bytes {
            if afterMark {
                utf8.append(byte &- 1)
                afterMark = false
            } else if byte == 1 {
                afterMark = true
            } else {
                utf8.append(byte)
            }
        }
        return String(decoding: utf8, as: UTF8.self)
    }
}

/// Numbers as array columns hold them: integers in the same order as the numbers.
///
/// In an array a number would be decimal text, and SQLite's reading of decimal text is not exact in the last bit for
/// every double, so that an element would not always be equal to itself. An integer is.
enum NumberKey {
    static func encode(_ number: Double) -> Int64 {
        // 0.0 and -0.0 are equal and get one key; the positive ones order as their bits do, the negative ones reversed.
        let bits = Int64(bitPattern: (number == 0 ? 0 : number).bitPattern)
        return bits >= 0 ? bits : ~bits ^ Int64.min
    }

    static func decode(_ key: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: key >= 0 ? key : ~(key ^ Int64.min)))
    }
}
