import RecordSchema

/// A search as every door hands it to `SearchService`: checked, with the filter's values in their columns' types.
struct SearchCommand: Sendable {
    enum Source: Sendable {
        case text(String)
        /// The collection's dimension, finite.
        case vector([Float])
        /// The vector of this record, which is not among the hits.
        case like(Int64)
    }

    enum Mode: String, Sendable, CaseIterable {
        /// By meaning: the nearest vectors.
        case semantic
        /// By words: BM25 over the text fields.
        case keyword
        /// Both lists in one, by reciprocal rank fusion.
        case hybrid
    }

    static let resultLimitRange: ClosedRange<Int64> = 1...1_000
    static let offsetRange: ClosedRange<Int64> = 0...10_000
    /// More text than this has no influence on the vector anyway.
    static let textLengthRange = 1...100_000
    /// What comes in a request target: escaped it may be twelve times as long, and targets have a limit of their own.
    static let queryTextLengthRange = 1...4_096
    static let fieldCountMax = 500
    static let recallTargetRange: ClosedRange<Double> = 0.5...1

    var source: Source
    var mode = Mode.semantic
    var resultLimit = 10
    var offset = 0
    var filter: Filter?
    var minimumScore: Float?
    /// The fields to show; `nil`: all of them.
    var fields: [String]?
    /// Only answers that have seen this write.
    var minSeq: Int64 = 0
    /// Whether the answer of some shards is better than an error.
    var allowPartial = false
    /// Scan everything, whatever faster way there is.
    var isExact = false
    /// The share of the truly nearest that the hits should have on average, in `recallTargetRange`; `nil`: as the workers
    /// like.
    var recallTarget: Float?

    var showsVector: Bool { fields?.contains("vector") ?? false }
}
