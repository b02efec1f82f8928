/// A decimal number while its digits are read: ±`significand` × 10^`exponent`.
///
/// `value` is the nearest double where that is certain by a short computation, which is nearly always; the rest goes
/// the slow way through the standard library.
struct DecimalFloat {
    /// Exponents are read up to about ten times this.
    static let exponentLimit = 1_000_000

    var isNegative = false
    /// The first 19 digits that are not leading zeros.
    var significand: UInt64 = 0
    var exponent = 0
    /// A digit other than 0 was left out of `significand`.
    var isTruncated = false
    private var digitCount = 0

    mutating func append(_ digit: UInt8, afterPoint: Bool) {
        if digitCount < 19 {
            significand = significand &* 10 &+ UInt64(digit)
            if significand != 0 { digitCount += 1 }
            if afterPoint { exponent -= 1 }
        } else {
            if digit != 0 { isTruncated = true }
            if !afterPoint { exponent += 1 }
        }
    }

    /// The nearest double, ties to even; `nil` where this is not decided here.
    var value: Double? {
        if significand == 0 { return isNegative ? -0.0 : 0 }
        if isTruncated { return nil }
        // Clinger 1990: both factors are exact doubles, so the one rounding of the product is the right one.
        guard significand <= 1 << 53, abs(exponent) <= 22 else { return nil }
        let power = Self.exactPowersOfTen[abs(exponent)]
        let magnitude = exponent < 0 ? Double(significand) / power : Double(significand) * power
        return isNegative ? -magnitude : magnitude
    }

    /// The powers of ten that are doubles: 10^22 is the last.
    private static let exactPowersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
