/// The distribution of recent latencies, to within a fifth, in 100 numbers.
///
/// Four buckets to each doubling, from 16 µs to 550 s. Old samples fade: at 2,048 every count is halved.
struct LatencySketch: Sendable {
    /// Below this many samples a quantile says little.
    static let sampleCountMin = 20
    private static let sampleCountMax = 2048
    private static let firstExponent = 14
    private static let bucketCount = 100
    /// Samples after which the quantile is computed anew.
    private static let refreshInterval = 32

    private let quantile: Double
    private var counts = [UInt32](repeating: 0, count: Self.bucketCount)
    private var sampleCount = 0
    private var untilRefresh = Self.sampleCountMin
    /// The upper edge of the bucket that holds the quantile, in nanoseconds; `nil` before enough samples.
    private(set) var quantileNanoseconds: Int64?

    init(quantile: Double) {
        self.quantile = quantile
    }

    mutating func record(nanoseconds: Int64) {
        counts[Self.bucket(of: nanoseconds)] += 1
        sampleCount += 1
        if sampleCount >= Self.sampleCountMax { fade() }
        untilRefresh -= 1
        if untilRefresh == 0 {
            untilRefresh = Self.refreshInterval
            refresh()
        }
    }

    private mutating func fade() {
        sampleCount = 0
        for i in counts.indices {
            counts[i] /= 2
            sampleCount += Int(counts[i])
        }
    }

    private mutating func refresh() {
        // Rounded up by hand: `rounded` would be the module's only need of the C library's mathematics.
        let exact = quantile * Double(sampleCount)
        let wanted = Int(exact) + (Double(Int(exact)) < exact ? 1 : 0)
        var seen = 0
        for i in counts.indices {
            seen += Int(counts[i])
            if seen >= wanted {
                quantileNanoseconds = Self.upperEdge(of: i)
                return
            }
        }
    }

    /// Bucket 0 holds everything below 2^14 ns; bucket 1 + 4e + q holds 2^(14 + e) × [1 + q/4, 1 + (q + 1)/4).
    static func bucket(of nanoseconds: Int64) -> Int {
        guard nanoseconds >= 1 << firstExponent else { return 0 }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        let quarter = Int(nanoseconds >> Int64(exponent - 2)) & 3
        return min(1 + (exponent - firstExponent) * 4 + quarter, bucketCount - 1)
    }

    static func upperEdge(of bucket: Int) -> Int64 {
        guard bucket > 0 else { return 1 << firstExponent }
        let exponent = firstExponent + (bucket - 1) / 4
        return Int64((bucket - 1) % 4 + 5) << Int64(exponent - 2)
    }
}

/// A moving average of one worker's latencies.
struct MovingLatency: Sendable {
    /// How long after its last sample an average is worth half: a worker that was slow is tried again in time.
    private static let halfLifeNanoseconds: Int64 = 10_000_000_000

    /// 0: no sample yet.
    private(set) var nanoseconds: Int64 = 0
    private var sampledAt = ClusterInstant(nanoseconds: 0)

    mutating func record(nanoseconds sample: Int64, at now: ClusterInstant) {
        let sample = max(sample, 1)
        nanoseconds = nanoseconds == 0 ? sample : nanoseconds + (sample - nanoseconds) / 5
        nanoseconds = max(nanoseconds, 1)
        sampledAt = now
    }

    /// An attempt was given up after this long: its latency would have been more.
    mutating func recordAtLeast(nanoseconds sample: Int64, at now: ClusterInstant) {
        if sample > nanoseconds { record(nanoseconds: sample, at: now) }
    }

    /// What to expect now; 0: unknown.
    func expected(at now: ClusterInstant) -> Int64 {
        let halvings = max(0, now.nanoseconds(since: sampledAt)) / Self.halfLifeNanoseconds
        return nanoseconds >> min(halvings, 62)
    }
}
