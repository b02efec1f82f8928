import NIOConcurrencyHelpers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The value of the header `Date`, as RFC 9110 section 5.6.7 writes it; made once a second.
final class AnswerDate: Sendable {
    private let made = NIOLockedValueBox((second: time_t.min, text: ""))

    func text(now: time_t = time(nil)) -> String {
        made.withLockedValue { made in
            if made.second != now { made = (now, Self.format(now)) }
            return made.text
        }
    }

    static func format(_ second: time_t) -> String {
        var second = second
        var parts = unsafe tm()
        unsafe gmtime_r(&second, &parts)
        let (weekday, day, month, year) = unsafe (Int(parts.tm_wday), parts.tm_mday, Int(parts.tm_mon), parts.tm_year + 1900)
        let time = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        return "\(dayNames[weekday]), \(twoDigits(day)) \(monthNames[month]) \(year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
