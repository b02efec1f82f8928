/// Which shard of a collection holds a record: a fixed function, the same in every release and every language.
public enum Shard {
    /// `splitmix64(id) mod shardCount`, both unsigned: the first output of the SplitMix64 generator (Steele, Lea and
    /// Flood 2014, doi:10.1145/2660193.2660195) seeded with the id. Consecutive ids spread evenly over any count.
    ///
    /// - Parameter shardCount: At least 1.
    /// - Returns: 0..<`shardCount`.
    public static func index(of id: Int64, shardCount: Int) -> Int {
        precondition(shardCount >= 1, "a collection has at least one shard")
        var z = UInt64(bitPattern: id) &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Int(z % UInt64(shardCount))
    }
}
