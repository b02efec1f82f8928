extension Duration {
    /// As the wire carries it: whole milliseconds, rounded up, so that a positive duration never becomes 0. A negative
    /// one is 0; one of more than 2^32 - 1 ms is that.
    public var wireMilliseconds: UInt32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds <= Int64(UInt32.max) / 1_000 else { return .max }
        let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
        let fraction = (attoseconds + attosecondsPerMillisecond - 1) / attosecondsPerMillisecond
        return UInt32(clamping: seconds * 1_000 + fraction)
    }
}
