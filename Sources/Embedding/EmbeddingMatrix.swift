/// The vectors of a list of texts, row after row in one array: nothing is allocated per text, and a run of rows can be
/// written to a socket or a database as it is.
public struct EmbeddingMatrix: Sendable, Hashable {
    /// Components of a row.
    public let dimension: Int
    /// `rowCount × dimension` components, row by row.
    public let values: [Float]

    /// `values.count` must be a multiple of `dimension`, and `dimension` positive.
    public init(dimension: Int, values: [Float]) {
        precondition(dimension > 0 && values.count % dimension == 0, "the values do not fill whole rows")
        self.dimension = dimension
        self.values = values
    }

    public var rowCount: Int { values.count / dimension }

    /// Row `index`, 0..<`rowCount`, without copying.
    public subscript(row index: Int) -> ArraySlice<Float> {
        values[index * dimension..<(index + 1) * dimension]
    }

    /// Row `index`, 0..<`rowCount`, as an array of its own.
    public func vector(at index: Int) -> [Float] { Array(self[row: index]) }
}
