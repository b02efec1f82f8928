extension JSONParser {
    /// Reads the string whose opening quote is at the place. The bytes are valid UTF-8.
    mutating func string(_ bytes: Span<UInt8>) throws(Failure) -> String {
        let quote = index
        index += 1
        let start = index
        try skipPlainCharacters(bytes, quote: quote)
        if bytes[index] == UInt8(ascii: "\"") {
            let text = Self.text(bytes, start..<index)
            index += 1
            return text
        }
        var text = Self.text(bytes, start..<index)
        while true {
            if bytes[index] == UInt8(ascii: "\"") {
                index += 1
                return text
            }
            text.unicodeScalars.append(try escape(bytes, quote: quote))
            let start = index
            try skipPlainCharacters(bytes, quote: quote)
            if index > start { text += Self.text(bytes, start..<index) }
        }
    }

    /// Moves to the next quote or backslash.
    private mutating func skipPlainCharacters(_ bytes: Span<UInt8>, quote: Int) throws(Failure) {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw Failure(message: "Invalid control character at", byteIndex: index) }
            index += 1
        }
        throw Failure(message: "Unterminated string starting at", byteIndex: quote)
    }

    /// The character of the escape sequence whose backslash is at the place.
    private mutating func escape(_ bytes: Span<UInt8>, quote: Int) throws(Failure) -> Unicode.Scalar {
        let backslash = index
        guard backslash + 1 < bytes.count else {
            throw Failure(message: "Unterminated string starting at", byteIndex: quote)
        }
        index += 2
        switch bytes[backslash + 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(bytes, backslash: backslash)
        default: throw Failure(message: "Invalid \\escape", byteIndex: backslash)
        }
    }

    /// The character of `\uXXXX` or of a pair of them; the place is behind the first `u`.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>, backslash: Int) throws(Failure) -> Unicode.Scalar {
        let first = try codeUnit(bytes)
        if let scalar = Unicode.Scalar(first) { return scalar }
        let isHigh = first < 0xDC00
        if isHigh, index + 6 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") {
            index += 2
            let second = try codeUnit(bytes)
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw Failure(message: "Surrogate without its partner", byteIndex: backslash)
    }

    /// Four hexadecimal digits at the place. As in Python, a character has to follow them.
    private mutating func codeUnit(_ bytes: Span<UInt8>) throws(Failure) -> UInt32 {
        let end = index + 4
        guard end < bytes.count else { throw Failure(message: "Invalid \\uXXXX escape", byteIndex: index - 1) }
        var unit: UInt32 = 0
        for position in index..<end {
            guard let digit = Self.hexadecimalDigit(bytes[position]) else {
                throw Failure(message: "Invalid \\uXXXX escape", byteIndex: end - 5)
            }
            unit = unit << 4 | digit
        }
        index = end
        return unit
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The bytes of `range` as text. All of `bytes` is valid UTF-8 and both ends of the range lie beside ASCII
    /// characters, so no character is cut.
    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(copying: unsafe UTF8Span(unchecked: bytes.extracting(range)))
    }
}
