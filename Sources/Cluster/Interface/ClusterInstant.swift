/// A moment on one process's monotonic clock, in nanoseconds from an origin of that process's choosing.
///
/// The module has no clock; whoever has one makes instants from it. Arithmetic saturates, so a deadline "for ever" from
/// a client cannot overflow.
public struct ClusterInstant: Sendable, Hashable, Comparable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (a: ClusterInstant, b: ClusterInstant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The moment `duration` later; earlier, when it is negative.
    public func advanced(by duration: Duration) -> ClusterInstant {
        advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    /// How long from this moment to `other`; negative when `other` is earlier.
    public func duration(to other: ClusterInstant) -> Duration {
        .nanoseconds(other.nanoseconds(since: self))
    }

    func advanced(byNanoseconds delta: Int64) -> ClusterInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
        return ClusterInstant(nanoseconds: overflow ? (delta > 0 ? .max : .min) : sum)
    }

    func nanoseconds(since other: ClusterInstant) -> Int64 {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(other.nanoseconds)
        return overflow ? (nanoseconds > other.nanoseconds ? .max : .min) : difference
    }
}

extension Duration {
    /// Rounded towards zero; saturates at 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (high, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds > 0 ? .max : .min }
        let (sum, overflowOfSum) = high.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowOfSum ? (seconds > 0 ? .max : .min) : sum
    }
}
