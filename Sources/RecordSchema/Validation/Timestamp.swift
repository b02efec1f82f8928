/// Instants as the system writes them.
public enum Timestamp {
    /// RFC 3339 in UTC with a `Z`: whole seconds without a fraction, otherwise six digits of it.
    ///
    /// - Parameter microseconds: Since 1970-01-01T00:00:00Z, in the years 0 to 9999.
    public static func rfc3339(_ microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        appendRFC3339(microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the same as UTF-8.
    public static func appendRFC3339(_ microseconds: Int64, to bytes: inout [UInt8]) {
        let time = LocalTime(microseconds: microseconds)
        let second = time.secondOfDay
        append(time.date, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(second / 3600, digitCount: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second / 60 % 60, digitCount: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second % 60, digitCount: 2, to: &bytes)
        if time.microsecond != 0 {
            bytes.append(UInt8(ascii: "."))
            append(time.microsecond, digitCount: 6, to: &bytes)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads a timestamp in any form that a `date-time` field accepts; `nil` when it is none.
    public static func microseconds(of value: JSON) -> Int64? {
        guard case .success(let time) = DateTimeInput.dateTime(value) else { return nil }
        return time.microsecondsUTC
    }

    /// `2026-11-25`.
    static func text(_ date: CivilDate) -> String {
        var bytes: [UInt8] = []
        append(date, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ date: CivilDate, to bytes: inout [UInt8]) {
        append(date.year, digitCount: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digitCount: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digitCount: 2, to: &bytes)
    }

    /// With zeros in front.
    private static func append(_ value: Int, digitCount: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digitCount { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Hashable {
    var year: Int
    var month: Int
    var day: Int
}

extension CivilDate {
    /// Days since 1970-01-01. The year is counted from March, so that the leap day is its last; Howard Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms".
    var daysSinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    static func dayCount(year: Int, month: Int) -> Int? {
        switch month {
        case 1, 3, 5, 7, 8, 10, 12: 31
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: nil
        }
    }
}

/// A date and a time of day, with the offset from UTC if one was given.
struct LocalTime: Hashable {
    var date: CivilDate
    var secondOfDay: Int
    var microsecond: Int
    /// `nil`: none was given, which counts as UTC.
    var offsetSeconds: Int?

    var microsecondsUTC: Int64 {
        let seconds = date.daysSinceEpoch * 86_400 + secondOfDay - (offsetSeconds ?? 0)
        return Int64(seconds) * 1_000_000 + Int64(microsecond)
    }
}

extension LocalTime {
    init(date: CivilDate) {
        self.init(date: date, secondOfDay: 0, microsecond: 0, offsetSeconds: nil)
    }

    /// The time in UTC.
    init(microseconds: Int64) {
        let (seconds, microsecond) = Int(microseconds).flooredQuotientAndRemainder(dividingBy: 1_000_000)
        let (days, secondOfDay) = seconds.flooredQuotientAndRemainder(dividingBy: 86_400)
        self.init(
            date: CivilDate(daysSinceEpoch: days), secondOfDay: secondOfDay, microsecond: microsecond,
            offsetSeconds: 0)
    }
}

extension Int {
    /// The remainder is never negative.
    func flooredQuotientAndRemainder(dividingBy divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
