public import RecordSchema

/// One query.
public struct SearchRequest: Sendable {
    /// 1,000 hits after an offset of up to 10,000.
    public static let resultLimitRange = 1...11_000
    public static let recallTargetRange: ClosedRange<Float> = 0.5...0.999

    /// `dimension` finite components; not all zero for `cosine`. Need not be normalised.
    public var vector: [Float]
    public var resultLimit: Int
    /// Hits below it are left out. In the metric's unit, so below 0 for `euclidean`.
    public var minimumScore: Float?
    /// Rows that do not satisfy it are left out.
    public var filter: Filter?
    /// The share of the true nearest rows that the result should have on average, in `recallTargetRange`. Where the rows
    /// are not arranged, and where it costs no more, all rows are compared whatever it says.
    public var recallTarget: Float
    /// Compares all rows.
    public var isExact: Bool

    public init(
        vector: [Float], resultLimit: Int = 10, minimumScore: Float? = nil, filter: Filter? = nil,
        recallTarget: Float = 0.97, isExact: Bool = false
    ) {
        self.vector = vector
        self.resultLimit = resultLimit
        self.minimumScore = minimumScore
        self.filter = filter
        self.recallTarget = recallTarget
        self.isExact = isExact
    }
}
