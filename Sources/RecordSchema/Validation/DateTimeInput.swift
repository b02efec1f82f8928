/// JSON values as dates and times: the verdicts of pydantic-core's validators `datetime` and `date`.
enum DateTimeInput {
    enum Verdict<Value> {
        case success(Value)
        case failure(IssueKind)
    }

    /// Years 1 to 9999, here and in UTC. The latter is ours: Pydantic accepts `9999-12-31T23:59-10:00`, of which
    /// there is no RFC 3339 form in UTC.
    static func dateTime(_ value: JSON) -> Verdict<LocalTime> {
        let verdict = unboundedDateTime(value)
        guard case .success(let time) = verdict else { return verdict }
        for year in [time.date.year, LocalTime(microseconds: time.microsecondsUTC).date.year] {
            guard (1...9999).contains(year) else { return .failure(.datetimeParsing(outOfRange(year))) }
        }
        return verdict
    }

    private static func unboundedDateTime(_ value: JSON) -> Verdict<LocalTime> {
        do throws(DateTimeFailure) {
            switch value {
            case .string(let text): return dateTime(DateTimeText(bytes: Array(text.utf8)))
            case .integer(let number): return .success(try UnixTime.time(number))
            case .number(let number): return .success(try UnixTime.time(number))
            case .bigInteger:
                // Python converts it to a float, which fails beyond the range of doubles.
                guard let number = value.doubleValue, number.isFinite else { return .failure(.datetimeType) }
                return .success(try UnixTime.time(number))
            default: return .failure(.datetimeType)
            }
        } catch {
            return .failure(.datetimeParsing(error.rawValue))
        }
    }

    private static func dateTime(_ text: DateTimeText) -> Verdict<LocalTime> {
        if let time = try? text.dateTime() { return .success(time) }
        // What is no datetime may be a date, and the message is the one for dates.
        do throws(DateTimeFailure) {
            return .success(LocalTime(date: try text.date()))
        } catch {
            return .failure(.datetimeFromDateParsing(error.rawValue))
        }
    }

    static func date(_ value: JSON) -> Verdict<CivilDate> {
        if case .string(let text) = value, let date = try? DateTimeText(bytes: Array(text.utf8)).date() {
            return inRange(date)
        }
        // What is no date may be a datetime at midnight, in whatever offset.
        let time: LocalTime
        do throws(DateTimeFailure) {
            switch value {
            case .string(let text): time = try DateTimeText(bytes: Array(text.utf8)).dateTime()
            case .integer(let number): time = try UnixTime.time(number)
            case .number(let number): time = try UnixTime.time(number)
            case .bigInteger:
                guard let number = value.doubleValue, number.isFinite else { return .failure(.dateType) }
                time = try UnixTime.time(number)
            default: return .failure(.dateType)
            }
        } catch {
            return .failure(.dateFromDatetimeParsing(error.rawValue))
        }
        guard time.secondOfDay == 0, time.microsecond == 0 else { return .failure(.dateFromDatetimeInexact) }
        return inRange(time.date)
    }

    private static func inRange(_ date: CivilDate) -> Verdict<CivilDate> {
        (1...9999).contains(date.year) ? .success(date) : .failure(.dateParsing(outOfRange(date.year)))
    }

    private static func outOfRange(_ year: Int) -> String { "year \(year) is out of range" }
}
