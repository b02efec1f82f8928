/// Why a text is no date or time: the messages of the crate speedate, which reads dates and times for Pydantic.
enum DateTimeFailure: String, Error {
    case tooShort = "input is too short"
    case extraCharacters = "unexpected extra characters at the end of the input"
    case invalidCharDateTimeSep = "invalid datetime separator, expected `T`, `t`, `_` or space"
    case invalidCharDateSep = "invalid date separator, expected `-`"
    case dateNotExact = "Timestamp is not an exact date"
    case invalidCharYear = "invalid character in year"
    case invalidCharMonth = "invalid character in month"
    case invalidCharDay = "invalid character in day"
    case invalidCharTimeSep = "invalid time separator, expected `:`"
    case invalidCharHour = "invalid character in hour"
    case invalidCharMinute = "invalid character in minute"
    case invalidCharSecond = "invalid character in second"
    case invalidCharTzSign = "invalid timezone sign"
    case invalidCharTzHour = "invalid timezone hour"
    case invalidCharTzMinute = "invalid timezone minute"
    case outOfRangeTzMinute = "timezone minute value is outside expected range of 0-59"
    case outOfRangeTz = "timezone offset must be less than 24 hours"
    case outOfRangeMonth = "month value is outside expected range of 1-12"
    case outOfRangeDay = "day value is outside expected range"
    case outOfRangeHour = "hour value is outside expected range of 0-23"
    case outOfRangeMinute = "minute value is outside expected range of 0-59"
    case outOfRangeSecond = "second value is outside expected range of 0-59"
    case secondFractionMissing = "second fraction digits missing after `.`"
    case dateTooSmall = "dates before 0000 are not supported as unix timestamps"
    case timeTooLarge = "numeric times may not exceed 86,399 seconds"
    case dateTooLarge = "dates after 9999 are not supported as unix timestamps"
    case notANumber = "NaN values not permitted"
}

/// Reads `YYYY-MM-DD` and `YYYY-MM-DDTHH:MM[:SS[.FFFFFF]][offset]` from bytes, and numbers as Unix time.
struct DateTimeText {
    let bytes: [UInt8]

    // MARK: - Dates

    /// A date and nothing after it, or the whole number of seconds or milliseconds of a midnight.
    func date() throws(DateTimeFailure) -> CivilDate {
        let failure: DateTimeFailure
        do throws(DateTimeFailure) {
            let date = try leadingDate()
            guard bytes.count == 10 else { throw .extraCharacters }
            return date
        } catch {
            failure = error
        }
        guard let number = integer else { throw failure }
        let time = try UnixTime.time(number)
        guard time.secondOfDay == 0, time.microsecond == 0 else { throw .dateNotExact }
        return time.date
    }

    private func leadingDate() throws(DateTimeFailure) -> CivilDate {
        guard bytes.count >= 10 else { throw .tooShort }
        let year = try number(at: 0, digits: 4, else: .invalidCharYear)
        guard bytes[4] == UInt8(ascii: "-") else { throw .invalidCharDateSep }
        let month = try number(at: 5, digits: 2, else: .invalidCharMonth)
        guard bytes[7] == UInt8(ascii: "-") else { throw .invalidCharDateSep }
        let day = try number(at: 8, digits: 2, else: .invalidCharDay)
        guard let dayCount = CivilDate.dayCount(year: year, month: month) else { throw .outOfRangeMonth }
        guard day >= 1, day <= dayCount else { throw .outOfRangeDay }
        return CivilDate(year: year, month: month, day: day)
    }

    // MARK: - Dates with a time

    /// A date with a time, or a number of seconds or milliseconds.
    func dateTime() throws(DateTimeFailure) -> LocalTime {
        let failure: DateTimeFailure
        do throws(DateTimeFailure) {
            return try writtenDateTime()
        } catch {
            failure = error
        }
        if bytes.contains(UInt8(ascii: ".")) {
            guard leadingInteger != nil, let number = NumberText.decimal(bytes[...]) else { throw failure }
            return try UnixTime.time(inText: number)
        }
        guard let number = integer else { throw failure }
        return try UnixTime.time(number)
    }

    private func writtenDateTime() throws(DateTimeFailure) -> LocalTime {
        var time = LocalTime(date: try leadingDate())
        guard let separator = byte(10), [0x54, 0x74, 0x20, 0x5F].contains(separator) else {
            throw .invalidCharDateTimeSep
        }
        guard bytes.count >= 16 else { throw .tooShort }
        let hour = try number(at: 11, digits: 2, else: .invalidCharHour)
        guard bytes[13] == UInt8(ascii: ":") else { throw .invalidCharTimeSep }
        let minute = try number(at: 14, digits: 2, else: .invalidCharMinute)
        guard hour <= 23 else { throw .outOfRangeHour }
        guard minute <= 59 else { throw .outOfRangeMinute }
        time.secondOfDay = hour * 3600 + minute * 60
        var index = 16
        if byte(index) == UInt8(ascii: ":") {
            let second = try number(at: 17, digits: 2, else: .invalidCharSecond)
            guard second <= 59 else { throw .outOfRangeSecond }
            time.secondOfDay += second
            index = 19
            if byte(index) == UInt8(ascii: ".") || byte(index) == UInt8(ascii: ",") {
                time.microsecond = try fraction(&index)
            }
        }
        if index < bytes.count { time.offsetSeconds = try offset(&index) }
        guard index == bytes.count else { throw .extraCharacters }
        return time
    }

    /// Digits after the sixth are cut off.
    private func fraction(_ index: inout Int) throws(DateTimeFailure) -> Int {
        index += 1
        let start = index
        var microsecond = 0
        var unit = 100_000
        while let byte = byte(index), NumberText.isDigit(byte) {
            microsecond += Int(byte - UInt8(ascii: "0")) * unit
            unit /= 10
            index += 1
        }
        guard index > start else { throw .secondFractionMissing }
        return microsecond
    }

    /// `Z`, `+HH:MM` or `+HHMM`; the sign may be U+2212 too.
    private func offset(_ index: inout Int) throws(DateTimeFailure) -> Int {
        let sign: Int
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            index += 1
            return 0
        case UInt8(ascii: "+"): sign = 1
        case UInt8(ascii: "-"): sign = -1
        case 0xE2 where byte(index + 1) == 0x88 && byte(index + 2) == 0x92:
            sign = -1
            index += 2
        default: throw .invalidCharTzSign
        }
        index += 1
        let hour = try number(at: index, digits: 2, else: .invalidCharTzHour)
        index += byte(index + 2) == UInt8(ascii: ":") ? 3 : 2
        let minute = try number(at: index, digits: 2, else: .invalidCharTzMinute)
        index += 2
        guard minute <= 59 else { throw .outOfRangeTzMinute }
        guard hour <= 23 else { throw .outOfRangeTz }
        return sign * (hour * 3600 + minute * 60)
    }

    // MARK: - Parts

    private func byte(_ index: Int) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    private func number(
        at index: Int, digits: Int, else failure: DateTimeFailure
    ) throws(DateTimeFailure) -> Int {
        var number = 0
        for position in index..<index + digits {
            guard let byte = byte(position), NumberText.isDigit(byte) else { throw failure }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    /// The sum of the digits at the start, behind a sign or none, and whether they are all there is.
    ///
    /// As in speedate it is added up in 64 bits that may overflow, and given up only where it turns negative. So
    /// 18446744073709551617 is 1: absurd, but the same verdict.
    private var leadingInteger: (value: Int64, isWhole: Bool)? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = bytes.dropFirst(isNegative || bytes.first == UInt8(ascii: "+") ? 1 : 0)
        var sum: Int64 = 0
        for index in digits.indices {
            guard NumberText.isDigit(digits[index]) else { return (isNegative ? -sum : sum, false) }
            sum = sum &* 10 &+ Int64(digits[index] - UInt8(ascii: "0"))
            if sum < 0 { return nil }
        }
        return digits.isEmpty ? nil : (isNegative ? -sum : sum, true)
    }

    /// The whole text as an integer.
    private var integer: Int64? {
        leadingInteger.flatMap { $0.isWhole ? $0.value : nil }
    }
}

/// Numbers as times: seconds since 1970, or milliseconds where the magnitude is above 2e10.
enum UnixTime {
    private static let millisecondsAbove: Int64 = 20_000_000_000
    /// The last second of 9999.
    private static let lastSecond: Int64 = 253_402_300_799
    /// The first second of the year 0.
    private static let firstSecond: Int64 = -62_167_219_200

    static func time(_ number: Int64, microseconds: Int64 = 0) throws(DateTimeFailure) -> LocalTime {
        guard number != .min else { throw .dateTooSmall }
        var second = number
        var microsecond = microseconds
        if number.magnitude > millisecondsAbove {
            let (quotient, remainder) = Int(number).flooredQuotientAndRemainder(dividingBy: 1_000)
            second = Int64(quotient)
            microsecond += Int64(remainder) * 1_000
        }
        // speedate counts them in 32 bits.
        guard microsecond <= UInt32.max else { throw .timeTooLarge }
        second += microsecond / 1_000_000
        microsecond %= 1_000_000
        guard second >= firstSecond else { throw .dateTooSmall }
        guard second <= lastSecond else { throw .dateTooLarge }
        return LocalTime(microseconds: second * 1_000_000 + microsecond)
    }

    /// A JSON number with a fraction. The fraction of a negative number counts forwards from the second below, as in
    /// pydantic-core: -1.25 is 1969-12-31T23:59:58.25.
    static func time(_ number: Double) throws(DateTimeFailure) -> LocalTime {
        guard !number.isNaN else { throw .notANumber }
        let unit = number.magnitude > Double(millisecondsAbove) ? 1_000.0 : 1_000_000.0
        let fraction = number.magnitude.truncatingRemainder(dividingBy: 1)
        return try time(clamped(number.rounded(.down)), microseconds: clamped((fraction * unit).rounded()))
    }

    /// A number with a point in a string. speedate divides milliseconds itself and then looks at the magnitude a
    /// second time; both are as there.
    static func time(inText number: Double) throws(DateTimeFailure) -> LocalTime {
        let seconds = number.magnitude > Double(millisecondsAbove) ? number / 1_000 : number
        let whole = clamped(seconds.rounded(.down))
        let fraction = ((seconds - Double(whole)) * 1_000_000).rounded()
        return try time(whole, microseconds: min(max(0, clamped(fraction)), Int64(UInt32.max)))
    }

    /// As Rust's `as i64`: out of range is the nearest end.
    private static func clamped(_ number: Double) -> Int64 {
        if number.isNaN { return 0 }
        return Int64(exactly: number) ?? (number < 0 ? .min : .max)
    }
}
