/// How often a quantity had which size.
public struct Distribution: Sendable, Hashable {
    /// Upper bounds of the buckets, ascending; what lies above the last is in `count` alone.
    public let bounds: [Double]
    /// One for each bound: observations up to it and above the one before.
    public private(set) var counts: [UInt64]
    public private(set) var count: UInt64 = 0
    public private(set) var sum = 0.0

    public init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count)
    }

    public mutating func observe(_ value: Double) {
        count += 1
        sum += value
        if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
    }
}
