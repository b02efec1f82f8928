@testable import RecordSchema

/// JSON texts of values that a validator may see: valid, at an edge, and hostile.
enum ValueTexts {
    static let integers = [
        "0", "-0", "1", "-1", "5", "10", "99", "100", "1000000", "9007199254740993", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "1" + String(repeating: "0", count: 30),
        "-1" + String(repeating: "0", count: 30), "1" + String(repeating: "0", count: 308),
        "1" + String(repeating: "0", count: 309), String(repeating: "7", count: 400),
    ]
    static let numbers = [
        "0.0", "-0.0", "0.5", "-1.5", "1.0", "2.0", "1e2", "1E+2", "1e-7", "1.5e-07", "0.1", "0.30000000000000004",
        "1e15", "1e16", "123456789012345678.0", "1e22", "1e23", "8.5e22", "1.7976931348623157e308", "1e309", "-1e400",
        "5e-324", "2.2250738585072014e-308", "1e-400", "NaN", "Infinity", "-Infinity", "9.3e18",
        "-9.223372036854775808e18",
        "9.223372036854775e18", "0.1e1", "25e-2", "0.000001", "123456.789e3", "4.35", "2.5",
    ]
    static let others = ["null", "true", "false", "[]", "{}", "[1]", "[null]", #"{"a":1}"#, "[[]]"]
    static let texts = [
        "", " ", "a", "ab", "abc", "  ab  ", "\u{1C}ab\u{1F}", "\u{85}x\u{A0}", "\u{2028}y\u{3000}", "é", "e\u{301}",
        "👩‍👩‍👧", "\u{0}", "a\u{0}b", "\u{FEFF}a", "\u{200B}", "AB-1", "AB-١", "ab-1", "AB-1\n", "it's", "say \"x\"", "'\"",
        "a\n\u{200B}é\\", "linkedin", "LinkedIn", "brightermonday", "jobwebkenya", " linkedin", "https://x.example/1",
        String(repeating: "x", count: 200), String(repeating: "x", count: 201), String(repeating: "é", count: 200),
        String(repeating: "👩‍👩‍👧", count: 40), String(repeating: "👩‍👩‍👧", count: 41), String(repeating: " ", count: 200),
        "true", "yes", "ON", "off", "F", "n", "1", "0", "1.0",
    ]
    static let numericTexts = [
        "12", " 12 ", "1_000", "_1", "1_", "1__0", "00012", "+5", "-0", "1.0", "1.", "-1.0", "+ 5", "1e3", "0x10", "١٢",
        "1_000.0", "1.0_", "0_1", "0-1", "0__1", "-0-1", "+-1", "-+1", "--1", "0+1", "inf", "-Infinity", "NaN", "+nan",
        "infin", "i_nf", "-.5", ".5", ".", "1e", "1e+", "e5", "1e400", "-1e400", "1e-400", "1._5", "1_.5", "1_0.5_0",
        " 1_0 ", "\u{A0}1\u{3000}", "\u{1C}1", "1\n", "0.0", "000.000", "9223372036854775808", "1e1_0", "1.5", "2",
        String(repeating: "1", count: 4300), String(repeating: "1", count: 4301),
        "-" + String(repeating: "1", count: 4300),
        "-" + String(repeating: "1", count: 4299), String(repeating: "1", count: 4301) + "_1",
        String(repeating: "1", count: 4301) + "x", String(repeating: "1_", count: 2200) + "1",
        String(repeating: "1", count: 2000) + "_" + String(repeating: "1", count: 2400),
        String(repeating: "0", count: 5000) + "1", String(repeating: "1", count: 4300) + ".0",
        "1" + String(repeating: "0", count: 400),
        String(repeating: "9", count: 800) + "e-800", "0." + String(repeating: "0", count: 400) + "1e400",
    ]
    static let times = [
        "2024-01-15T10:30:00Z", "2024-01-15T10:30:00", "2024-01-15 10:30", "2024-01-15_10:30z",
        "2024-01-15t10:30:00.5Z",
        "2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00,25+03:00", "2024-01-15T10:30:00+0300", "2024-01-15",
        "2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "2024-1-1", "20240115",
        "2024-01-15T24:00",
        "2024-01-15T23:59:60", "2024-01-15T10:60", "2024-01-15T10", "2024-01-15T", "2024-01-15T10:30:00+24:00",
        "2024-01-15T10:30:00+23:59", "2024-01-15T10:30:00-23:59", "2024-01-15T10:30:00+05:60",
        "2024-01-15T10:30:00−05:00",
        "2024-01-15T10:30:00+5:00", "2024-01-15T10:30:00 Z", "2024-01-15T10:30:00.", "2024-01-15T10:30.5",
        "2024-01-15T00:00:00", "2024-01-15T00:00:00+05:00", "2024-01-15T00:00:00.000001", "0000-01-01",
        "0000-01-01T00:00",
        "0001-01-01", "0001-01-01T00:00+10:00", "0001-01-01T00:00-10:00", "9999-12-31T23:59:59.999999",
        "9999-12-31T23:59-10:00", "9999-12-31", "10000-01-01", "1600-01-01", "1700000000", "1700000000.5", "-1.5",
        "1e3",
        "1.5e3", "86400", "86401", "-86400", "1705276800", "1705276800000", "20000000000", "20000000001",
        "-20000000001",
        "253402300799999.9", "100000000000000.5", "99999999999999999", "9223372036854775808", "inf", "nan",
        " 2024-01-15",
        "18446744073709551617", "18446744073709551617.0", "20000000000000000000.5", "30000000000000000000.5", "1.5e400",
        "-1.5e400", "1.5e19",
        "2024-01-15x", "2024/01/15", "15-01-2024", "yesterday", "+5", "5.", ".5", "-.5", "1.1234567", "1.5_0",
    ]
    static let unixTimes = [
        "1700000000", "1700000000.5", "1700000000000", "1700000000123.5", "-1", "-1.25", "-0.5", "-1.9999999",
        "1.0000005",
        "1.0000015", "1.9999999", "20000000000", "20000000001", "-20000000000", "-20000000001", "20000000000.5",
        "-20000000000.5", "86400", "86401", "86400.5", "-62135596800", "-62135596800000", "-62135596800001",
        "-62167219200000", "-62167219200001", "253402300799", "253402300799.5", "253402300799000", "253402300799999",
        "253402300799999.9", "253402300800000", "1e11", "1e14", "100000000000000.5", "1e18", "1e300", "-1e300",
    ]

    /// Any of them, or a new one made at random.
    static func any(using generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: generator.pick(integers)
        case 1: generator.pick(numbers)
        case 2: generator.pick(others)
        case 3: quoted(generator.pick(texts))
        case 4: quoted(generator.pick(numericTexts))
        case 5: quoted(generator.pick(times))
        case 6: generator.pick(unixTimes)
        case 7: randomNumber(using: &generator)
        default: quoted(randomText(using: &generator))
        }
    }

    static func quoted(_ string: String) -> String { text(.string(string)) }

    static func randomNumber(using generator: inout SeededGenerator) -> String {
        var text = generator.chance(30) ? "-" : ""
        text += String(UInt64.random(in: 0...(.max), using: &generator) >> UInt64.random(in: 0...63, using: &generator))
        if generator.chance(60) {
            text +=
                "."
                + String(
                    UInt64.random(in: 0...(.max), using: &generator) >> UInt64.random(in: 0...60, using: &generator))
        }
        if generator.chance(30) { text += "e" + String(Int.random(in: -330...330, using: &generator)) }
        return text
    }

    /// A few characters of those that matter to some validator.
    static func randomText(using generator: inout SeededGenerator) -> String {
        let characters = Array("0123456789000111-+_.:TtZz eE,xnaif \u{A0}\u{1C}é−".unicodeScalars)
        var result = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &generator) { result.append(generator.pick(characters)) }
        return String(result)
    }

    /// A text of `pool` with one character changed, or unchanged.
    static func mutated(_ pool: [String], using generator: inout SeededGenerator) -> String {
        var scalars = Array(generator.pick(pool).unicodeScalars)
        let characters = Array("0123456789-+_.:TZ e,".unicodeScalars)
        if !scalars.isEmpty, generator.chance(80) {
            let index = Int.random(in: 0..<scalars.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: scalars.remove(at: index)
            case 1: scalars.insert(generator.pick(characters), at: index)
            default: scalars[index] = generator.pick(characters)
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
