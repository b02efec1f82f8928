/// Doubles as Python's `repr` writes them, which is what FastAPI answers with: the fewest digits that read back as the
/// same double, in plain notation from 1e-4 up to 1e16, with a point always (`5.0`), otherwise as `1e-05`, `1.5e+20`.
enum PythonFloat {
    static func text(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
        }
        // Swift's `description` has the same digits and the same notation, but for plain numbers from 1e16 to 2^54.
        let text = value.description
        guard value.magnitude >= 1e16, !text.utf8.contains(UInt8(ascii: "e")) else { return text }
        return scientific(text)
    }

    /// `-12345678901234568.0` as `-1.2345678901234568e+16`.
    private static func scientific(_ plain: String) -> String {
        let sign = plain.hasPrefix("-") ? "-" : ""
        var digits = plain.dropFirst(sign.count).prefix { $0 != "." }
        let exponent = digits.count - 1
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        let fraction = digits.dropFirst()
        return "\(sign)\(digits.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)e+\(exponent)"
    }
}
