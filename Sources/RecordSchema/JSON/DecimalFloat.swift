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
        guard let magnitude = smallMagnitude ?? magnitude else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    /// Clinger 1990: both factors are exact doubles, so the one rounding of their product is the right one.
    private var smallMagnitude: Double? {
        guard significand <= 1 << 53, abs(exponent) <= 22 else { return nil }
        let power = Self.exactPowersOfTen[abs(exponent)]
        return exponent < 0 ? Double(significand) / power : Double(significand) * power
    }

    /// For exponents of -27 to 27, in whole numbers: 5^27 fits 64 bits, so that the product with the significand, or
    /// the quotient and whether it has a remainder, are known exactly, and are rounded once.
    private var magnitude: Double? {
        guard abs(exponent) < Self.powersOfFive.count else { return nil }
        let power = Self.powersOfFive[abs(exponent)]
        return exponent < 0 ? quotient(by: power) : product(with: power)
    }

    /// `significand` × `power` × 2^`exponent`.
    private func product(with power: UInt64) -> Double {
        let (high, low) = significand.multipliedFullWidth(by: power)
        guard high != 0 else { return Self.rounded(low, hasRest: false, exponent: exponent) }
        let shift = UInt64(high.leadingZeroBitCount)
        let bits = shift == 0 ? high : high << shift | low >> (64 - shift)
        return Self.rounded(bits, hasRest: low << shift != 0, exponent: exponent + 64 - Int(shift))
    }

    /// `significand` / `power` × 2^`exponent`. Both are shifted until their highest bit is set; then the quotient of
    /// 128 by 64 bits has its highest bit set too.
    private func quotient(by power: UInt64) -> Double {
        let shift = significand.leadingZeroBitCount
        let powerShift = power.leadingZeroBitCount
        let dividend = significand << UInt64(shift)
        let divisor = power << UInt64(powerShift)
        let isHalved = dividend >= divisor
        let (bits, rest) = divisor.dividingFullWidth(
            isHalved ? (dividend >> 1, dividend << 63) : (dividend, 0))
        return Self.rounded(
            bits, hasRest: rest != 0, exponent: exponent + powerShift - shift - (isHalved ? 63 : 64))
    }

    /// `bits` × 2^`exponent`, to nearest, ties to even. `hasRest`: the number is a little more than `bits`.
    private static func rounded(_ bits: UInt64, hasRest: Bool, exponent: Int) -> Double {
        let shift = bits.leadingZeroBitCount
        let normal = bits << UInt64(shift)
        var significand = normal >> 11
        let rest = normal & 0x7FF
        if rest > 0x400 || rest == 0x400 && (hasRest || significand & 1 == 1) { significand += 1 }
        // Both factors are exact, and the product is a normal number, so this rounds no more.
        return Double(significand) * Double(sign: .plus, exponent: exponent - shift + 11, significand: 1)
    }

    private static let powersOfFive: [UInt64] = (0...27).reduce(into: []) { powers, _ in
        powers.append(powers.last.map { $0 * 5 } ?? 1)
    }

    /// The powers of ten that are doubles: 10^22 is the last.
    private static let exactPowersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
