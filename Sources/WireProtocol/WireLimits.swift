/// What a message may be at most. The same table, with the same names, is in proto-docs/protocol.md, "Limits".
public enum WireLimits {
    /// The header frame, exactly.
    public static let headerBytes = 40
    /// The part of the header that has its meaning in every version: see `HeaderPreamble`.
    public static let preambleBytes = 16
    /// Header and body are two of them.
    public static let frameCountMax = 8
    /// All frames together.
    public static let messageBytesMax = 64 << 20
    public static let requestBodyBytesMax = 2 << 20
    public static let replyBodyBytesMax = 32 << 20

    public static let collectionNameBytesRange = 1...100
    public static let collectionCountMax = 1_000
    public static let columnCountMax = 500
    public static let fieldNameBytesRange = 1...1_024
    public static let fieldCountMax = 500
    public static let dimensionRange = 1...65_536
    public static let modelDigestBytesMax = 256
    public static let workerIDBytesRange = 1...128
    public static let storeIDBytesMax = 128
    public static let endpointBytesRange = 1...256
    public static let softwareVersionBytesMax = 128
    public static let replicaCountMax = 4_096
    public static let workerCountMax = 10_000
    public static let shardCountRange = 1...4_096
    /// Of a sequence number and of a record's id: both are signed 64-bit integers in the store.
    public static let storedIntegerMax = UInt64(Int64.max)
    /// Of one PULL.
    public static let rowLimitRange = 1...4_096
    /// Of one SEARCH.
    public static let queryCountRange = 1...64
    /// Of one SEARCH: 1,000 hits after an offset of up to 10,000.
    public static let searchResultLimitRange = 1...11_000
    /// Of SEARCH and QUERY.
    public static let recallTargetRange: ClosedRange<Float> = 0.5...1
    /// Of one QUERY.
    public static let queryResultLimitRange = 1...1_000
    public static let queryOffsetMax = 10_000
    public static let queryTextBytesRange = 1...(1 << 20)
    public static let filterJSONBytesRange = 1...(1 << 20)
    public static let recordJSONBytesMax = 1 << 20
    public static let errorMessageBytesMax = 1_024
    public static let errorDetailBytesMax = 1 << 20
    /// A longer deadline counts as this one.
    public static let deadlineMax = Duration.seconds(600)
    /// What a request without a deadline gets.
    public static let deadlineDefault = Duration.seconds(30)
}
