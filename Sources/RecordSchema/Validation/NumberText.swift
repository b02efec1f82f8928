/// Numbers in strings, as Pydantic reads them in lax mode.
enum NumberText {
    enum IntegerFailure: Error {
        case invalid
        /// Longer than `integerLengthLimit`.
        case tooLong
    }

    /// As in Python. A minus sign counts, leading zeros do not.
    static let integerLengthLimit = 4_300

    // MARK: - Integers

    /// White space at the ends, a sign, leading zeros, single underscores between digits and a fraction of zeros are
    /// allowed: ` +1_000.00 ` is 1000.
    ///
    /// pydantic-core cleans the text in steps and not by a grammar, so that a few odd texts pass (`0-1` is -1, `0__1`
    /// is 1); the steps here are the same.
    static func integer(_ text: String) throws(IntegerFailure) -> JSON {
        guard let cleaned = cleaned(trimmed(text.unicodeScalars)) else { throw .invalid }
        do throws(IntegerFailure) {
            return try digits(cleaned)
        } catch {
            guard error == .invalid, let joined = withoutUnderscores(cleaned) else { throw error }
            guard let value = try? digits(joined) else { throw .invalid }
            return value
        }
    }

    /// Without the plus sign, the zero fraction and the leading zeros; `nil` when that already shows it is no integer.
    private static func cleaned(_ text: Substring.UnicodeScalarView) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text {
            guard scalar.isASCII else { return nil }
            bytes.append(UInt8(scalar.value))
        }
        if bytes.first == UInt8(ascii: "+") {
            bytes.removeFirst()
            guard bytes.first != UInt8(ascii: "-") else { return nil }
        }
        if let point = bytes.firstIndex(of: UInt8(ascii: ".")) {
            let fraction = bytes[(point + 1)...]
            guard !fraction.isEmpty, fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
            bytes.removeSubrange(point...)
        }
        guard bytes.first == UInt8(ascii: "-") else { return withoutLeadingZeros(bytes[...]).map(Array.init) }
        return withoutLeadingZeros(bytes[1...]).map { [UInt8(ascii: "-")] + $0 }
    }

    private static func withoutLeadingZeros(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = bytes.first else { return nil }
        if first != UInt8(ascii: "0") {
            let isStart = (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: "-")
            return isStart ? bytes : nil
        }
        for index in bytes.indices.dropFirst() {
            switch bytes[index] {
            case UInt8(ascii: "0"), UInt8(ascii: "_"): continue
            case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "-"): return bytes[index...]
            default: return nil
            }
        }
        return bytes.suffix(1)
    }

    /// A minus sign or none, then digits.
    private static func digits(_ bytes: [UInt8]) throws(IntegerFailure) -> JSON {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = bytes.dropFirst(isNegative ? 1 : 0)
        let digitsEnd = digits.firstIndex { !isDigit($0) } ?? bytes.count
        guard digitsEnd <= integerLengthLimit else { throw .tooLong }
        guard digitsEnd == bytes.count, digitsEnd > (isNegative ? 1 : 0) else { throw .invalid }
        // Zeros behind a minus sign that was behind zeros itself are left.
        guard digits.first != UInt8(ascii: "0") || digits.count == 1 else { throw .invalid }
        let text = String(decoding: bytes, as: UTF8.self)
        return Int64(text).map(JSON.integer) ?? .bigInteger(text)
    }

    // MARK: - Floats

    /// A decimal number in the syntax of Rust's `f64::from_str`, which also knows `inf`, `infinity` and `nan` in any
    /// case; white space at the ends is allowed, or else single underscores anywhere within.
    static func float(_ text: String) -> Double? {
        if let value = plainFloat(trimmed(text.unicodeScalars)) { return value }
        guard let joined = withoutUnderscores(Array(text.utf8)) else { return nil }
        return plainFloat(String(decoding: joined, as: UTF8.self).unicodeScalars[...])
    }

    private static func plainFloat(_ text: Substring.UnicodeScalarView) -> Double? {
        var bytes: [UInt8] = []
        for scalar in text {
            guard scalar.isASCII else { return nil }
            bytes.append(UInt8(scalar.value))
        }
        if let value = decimal(bytes[...]) { return value }
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
        switch String(decoding: bytes, as: UTF8.self).lowercased() {
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        case "nan": return .nan
        default: return nil
        }
    }

    /// `[+-]? (digits ('.' digits?)? | '.' digits) ([eE] [+-]? digits)?`, the nearest double.
    static func decimal(_ bytes: ArraySlice<UInt8>) -> Double? {
        var rest = bytes
        var decimal = DecimalFloat()
        decimal.isNegative = rest.first == UInt8(ascii: "-")
        if decimal.isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let start = rest.startIndex
        var digitCount = takeDigits(&rest) { decimal.append($0, afterPoint: false) }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            digitCount += takeDigits(&rest) { decimal.append($0, afterPoint: true) }
        }
        guard digitCount > 0 else { return nil }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            let isNegative = rest.first == UInt8(ascii: "-")
            if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            var exponent = 0
            let count = takeDigits(&rest) {
                if exponent < DecimalFloat.exponentLimit { exponent = exponent * 10 + Int($0) }
            }
            guard count > 0 else { return nil }
            decimal.exponent += isNegative ? -exponent : exponent
        }
        guard rest.isEmpty else { return nil }
        if let value = decimal.value { return value }
        let magnitude = Double(String(decoding: bytes[start...], as: UTF8.self)) ?? .nan
        return decimal.isNegative ? -magnitude : magnitude
    }

    private static func takeDigits(_ bytes: inout ArraySlice<UInt8>, _ body: (UInt8) -> Void) -> Int {
        let digits = bytes.prefix(while: isDigit)
        for digit in digits { body(digit - UInt8(ascii: "0")) }
        bytes = bytes[digits.endIndex...]
        return digits.count
    }

    // MARK: - Both

    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    /// Rust's `trim`: without White_Space at both ends.
    private static func trimmed(_ text: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var rest = text[...]
        while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
        return rest
    }

    /// `nil` when there is none, one at an end, or two in a row.
    private static func withoutUnderscores(_ bytes: [UInt8]) -> [UInt8]? {
        let underscore = UInt8(ascii: "_")
        guard bytes.contains(underscore), bytes.first != underscore, bytes.last != underscore else { return nil }
        for index in bytes.indices.dropFirst() where bytes[index] == underscore && bytes[index - 1] == underscore {
            return nil
        }
        return bytes.filter { $0 != underscore }
    }
}
