/// The two hexadecimal digits behind a `%`.
enum HexDigits {
    /// The byte that the first two digits name; `nil` where there are no such.
    static func byte(_ digits: Substring.UTF8View) -> UInt8? {
        guard let high = digits.first.flatMap(value), let low = digits.dropFirst().first.flatMap(value) else { return nil }
        return high << 4 | low
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
