/// Which of a collection's shards: `index` of `count`.
public struct ShardPlace: Sendable, Hashable {
    /// 0..<`count`.
    public var index: Int
    /// 1...4096.
    public var count: Int

    /// The only shard of a collection that is not divided.
    public static let whole = ShardPlace(index: 0, count: 1)

    public init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    init(decodingIndex index: UInt32, count: UInt32) throws(WireError) {
        self.count = try Checked.count(count, WireLimits.shardCountRange, "shard_count")
        self.index = Int(index)
        guard self.index < self.count else { throw .outOfRange(field: "shard_index") }
    }
}
