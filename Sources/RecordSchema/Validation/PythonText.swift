/// Values as Python and Rust print them within Pydantic's messages.
enum PythonText {
    /// Python's `repr` of a string: in single quotes, or in double quotes where it holds single ones and no double
    /// ones; what is not printable is escaped.
    static func repr(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in scalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case quote: result.append(contentsOf: ["\\", quote])
            default:
                if isPrintable(scalar) {
                    result.append(scalar)
                } else {
                    result.append(contentsOf: escape(scalar).unicodeScalars)
                }
            }
        }
        result.append(quote)
        return String(result)
    }

    /// Python's `repr` of a JSON value that may be a member of an enumeration or a literal.
    static func repr(_ value: JSON) -> String {
        switch value {
        case .null: "None"
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .bigInteger(let digits): digits
        case .number(let value): PythonFloat.text(value)
        case .string(let text): repr(text)
        case .array, .object: String(decoding: value.serialized(), as: UTF8.self)
        }
    }

    /// `'a', 'b' or 'c'`.
    static func alternatives(_ values: [JSON]) -> String {
        let texts = values.map(repr)
        guard texts.count > 1, let last = texts.last else { return texts.first ?? "" }
        return "\(texts.dropLast().joined(separator: ", ")) or \(last)"
    }

    /// Rust's way to print a double: the fewest digits that read back as the same double, never with an exponent.
    static func plainDecimal(_ value: Double) -> String {
        var text = value.magnitude.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        if let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) {
            let parts = text[..<mark].split(separator: ".")
            text = shifted(whole: parts[0], fraction: parts.count > 1 ? parts[1] : "", by: exponent)
        }
        return value < 0 ? "-\(text)" : text
    }

    /// `whole.fraction` × 10^`exponent`, written out; `whole` has one digit.
    private static func shifted(whole: Substring, fraction: Substring, by exponent: Int) -> String {
        let digits = whole + (fraction == "0" ? "" : fraction)
        if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
        guard digits.count > exponent + 1 else {
            return digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return "\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\\(mark)\(String(repeating: "0", count: width - digits.count))\(digits)"
    }

    /// Whether Python's `str.strip` takes it away: White_Space, and the four information separators.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// Python's `str.strip()`.
    static func stripped(_ text: String) -> String {
        var rest = text.unicodeScalars[...]
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest.startIndex == text.startIndex && rest.endIndex == text.endIndex ? text : String(rest)
    }
}
