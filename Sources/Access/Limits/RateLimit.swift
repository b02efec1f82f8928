/// So many requests in such a time, as in `10/minute`.
public struct RateLimit: Sendable, Hashable {
    public enum Unit: String, Sendable, CaseIterable {
        case second
        case minute
        case hour
        case day

        public var seconds: Int64 {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            case .day: 86_400
            }
        }
    }

    public static let countRange = 1...1_000_000

    /// Within `countRange`: how many at once, and how many in each `unit` after that.
    public let count: Int
    public let unit: Unit

    public init(count: Int, per unit: Unit) {
        precondition(Self.countRange.contains(count), "a rate limit's count is 1 to 1,000,000")
        self.count = count
        self.unit = unit
    }

    /// Reads `<count>/<unit>` without spaces; the units are `second`, `minute`, `hour` and `day`.
    ///
    /// - Parameter variable: The name for error messages, such as `KAZI_RATE_LIMIT_SEARCH`.
    public init(parsing text: String, variable: String) throws(AccessConfigurationError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .rateLimit(variable: variable, text, .form) }
        let digits = parts[0]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .rateLimit(variable: variable, text, .form)
        }
        guard let unit = Unit(rawValue: String(Substring(parts[1]))) else {
            throw .rateLimit(variable: variable, text, .unit)
        }
        // 7 digits cannot overflow, and more are above the range unless they are zeros in front, which nobody means.
        let isPlain = digits.count <= 7 && digits.first != 0x30
        let count = isPlain ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : 0
        guard Self.countRange.contains(count) else { throw .rateLimit(variable: variable, text, .count(Self.countRange)) }
        self.init(count: count, per: unit)
    }

    /// Nanoseconds from one request to the next at the steady rate, rounded up, so that rounding never allows more.
    var intervalNanoseconds: Int64 {
        (unit.seconds * 1_000_000_000 + Int64(count) - 1) / Int64(count)
    }
}

extension RateLimit: CustomStringConvertible {
    public var description: String { "\(count)/\(unit.rawValue)" }
}
