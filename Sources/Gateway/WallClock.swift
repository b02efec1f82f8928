import Glibc

/// The time of day.
enum WallClock {
    /// Microseconds since 1970-01-01T00:00:00Z.
    static func microseconds() -> Int64 {
        var time = timespec()
        // Cannot fail: the clock exists and the pointer is ours.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
