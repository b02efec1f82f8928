extension JSONParser {
    /// Python refuses to read longer integers, whose conversion takes it quadratic time.
    static let integerDigitLimit = 4_300

    /// Reads the number at the place, or says `Expecting value` when there is none. What follows the longest number
    /// is left: `01` is a 0, and the 1 is extra data.
    mutating func number(_ bytes: Span<UInt8>) throws(Failure) -> JSON {
        let start = index
        let isNegative = bytes[index] == UInt8(ascii: "-")
        var end = isNegative ? index + 1 : index
        var decimal = DecimalFloat()
        decimal.isNegative = isNegative
        let digits = end
        guard end < bytes.count, Self.isDigit(bytes[end]) else {
            throw Failure(message: "Expecting value", byteIndex: start)
        }
        if bytes[end] == UInt8(ascii: "0") {
            end += 1
        } else {
            end = Self.readDigits(bytes, from: end, into: &decimal, afterPoint: false)
        }
        let digitCount = end - digits
        var isInteger = true
        if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), Self.isDigit(bytes[end + 1]) {
            isInteger = false
            end = Self.readDigits(bytes, from: end + 1, into: &decimal, afterPoint: true)
        }
        if end + 1 < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e"),
            let exponent = Self.exponent(bytes, from: end + 1)
        {
            isInteger = false
            decimal.exponent += exponent.value
            end = exponent.end
        }
        index = end
        guard isInteger else {
            return .number(decimal.value ?? Self.slowValue(bytes, start..<end))
        }
        if digitCount <= 18 {
            let magnitude = Int64(decimal.significand)
            return .integer(isNegative ? -magnitude : magnitude)
        }
        guard digitCount <= Self.integerDigitLimit else {
            throw Failure(message: "Integer of more than \(Self.integerDigitLimit) digits", byteIndex: start)
        }
        let text = Self.ascii(bytes, start..<end)
        return Int64(text).map(JSON.integer) ?? .bigInteger(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    private static func readDigits(
        _ bytes: Span<UInt8>, from start: Int, into decimal: inout DecimalFloat, afterPoint: Bool
    ) -> Int {
        var end = start
        while end < bytes.count {
            let digit = bytes[end] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            decimal.append(digit, afterPoint: afterPoint)
            end += 1
        }
        return end
    }

    /// The exponent behind an `e`; `nil` when no digit is there, and then the `e` is not part of the number.
    private static func exponent(_ bytes: Span<UInt8>, from start: Int) -> (value: Int, end: Int)? {
        var end = start
        let sign = bytes[end]
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { end += 1 }
        let digits = end
        var value = 0
        while end < bytes.count, isDigit(bytes[end]) {
            // Beyond a million the result is 0 or infinite, unless the number itself has as many digits; then the
            // text is converted the slow way.
            if value < DecimalFloat.exponentLimit { value = value * 10 + Int(bytes[end] - UInt8(ascii: "0")) }
            end += 1
        }
        guard end > digits else { return nil }
        return (sign == UInt8(ascii: "-") ? -value : value, end)
    }

    /// The nearest double by way of the standard library, correct for any text of the form.
    private static func slowValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Double {
        Double(ascii(bytes, range)) ?? .nan
    }

    private static func ascii(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(copying: unsafe UTF8Span(unchecked: bytes.extracting(range)))
    }
}
