import Logging

/// One event as the bytes of one line, whatever its values hold: no value can end the line, nor move a terminal's cursor.
struct LogLine {
    let level: Logger.Level
    let label: String
    let message: String
    /// In the order in which they are written.
    let fields: [(name: String, value: Logger.MetadataValue)]
    /// Microseconds since 1970-01-01T00:00:00Z.
    let time: Int64

    /// Characters of a value at most; a longer one ends in `…`.
    static let valueLengthMax = 2048

    func bytes(_ format: LogFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        switch format {
        case .json: appendJSON(to: &bytes)
        case .text: appendText(to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private func appendJSON(to bytes: inout [UInt8]) {
        bytes += Array("{\"time\":\"".utf8)
        Self.append(time: time, to: &bytes)
        bytes += Array("\",\"level\":\"\(level.rawValue)\",\"logger\":".utf8)
        Self.appendQuoted(label, to: &bytes)
        bytes += Array(",\"message\":".utf8)
        Self.appendQuoted(message, to: &bytes)
        for (name, value) in fields {
            bytes.append(UInt8(ascii: ","))
            Self.appendQuoted(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if let literal = Self.literal(value) {
                bytes += Array(literal.utf8)
            } else {
                Self.appendQuoted(value.description, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private func appendText(to bytes: inout [UInt8]) {
        Self.append(time: time, to: &bytes)
        bytes += Array(" \(level.rawValue) \(label): ".utf8)
        // Escaped as in JSON, without the quotes: the message is ours, but it may hold a path or a name.
        var quoted: [UInt8] = []
        Self.appendQuoted(message, to: &quoted)
        bytes += quoted.dropFirst().dropLast()
        for (name, value) in fields {
            bytes += Array(" \(name)=".utf8)
            let text = value.description
            if !text.isEmpty, text.utf8.count <= Self.valueLengthMax, text.utf8.allSatisfy(Self.needsNoQuotes) {
                bytes += Array(text.utf8)
            } else {
                Self.appendQuoted(text, to: &bytes)
            }
        }
    }

    /// Numbers and truth values stay what they are.
    private static func literal(_ value: Logger.MetadataValue) -> String? {
        guard case .stringConvertible(let value) = value else { return nil }
        switch value {
        case let value as Int: return String(value)
        case let value as Int64: return String(value)
        case let value as UInt64: return String(value)
        case let value as Bool: return value ? "true" : "false"
        case let value as Double where value.isFinite: return value.description
        default: return nil
        }
    }

    private static func needsNoQuotes(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\\")
    }

    /// A JSON string. Also escaped: DEL and U+0080...U+009F, which a terminal obeys, and U+2028, U+2029, at which some
    /// readers end a line.
    private static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var length = 0
        for scalar in text.unicodeScalars {
            length += 1
            if length > valueLengthMax {
                bytes += Array("…".utf8)
                break
            }
            switch scalar {
            case "\"": bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            case "\\": bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case "\n": bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case "\r": bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            case "\t": bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case "\u{20}"..."\u{7E}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            default: bytes += Array(String(scalar).utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// RFC 3339 in UTC with milliseconds.
    private static func append(time microseconds: Int64, to bytes: inout [UInt8]) {
        let milliseconds = Int(microseconds / 1000)
        let (days, inDay) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        let (year, month, day) = date(daysSince1970: days)
        append(year, digits: 4, "-", to: &bytes)
        append(month, digits: 2, "-", to: &bytes)
        append(day, digits: 2, "T", to: &bytes)
        append(inDay / 3_600_000, digits: 2, ":", to: &bytes)
        append(inDay / 60_000 % 60, digits: 2, ":", to: &bytes)
        append(inDay / 1000 % 60, digits: 2, ".", to: &bytes)
        append(inDay % 1000, digits: 3, "Z", to: &bytes)
    }

    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`, for days from 1970 on.
    private static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSince1970 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func append(_ number: Int, digits: Int, _ end: Unicode.Scalar, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: end))
    }
}
