public import RecordSchema

/// Why the index refused a configuration, a batch or a search. Nothing has changed when one is thrown.
public enum IndexError: Error, Hashable {
    /// What is wrong with a vector, of a row or of a query.
    public enum VectorFault: Hashable, Sendable {
        case dimension(expectedCount: Int, foundCount: Int)
        /// A component is NaN or infinite.
        case notFinite(componentIndex: Int)
        /// All components are zero and the metric is `cosine`, which is not defined for it.
        case zero
        /// The metric is `dot` or `euclidean` and the norm is above 1e18, where float32 products overflow.
        case tooLong
    }

    /// What is wrong with a batch as a whole.
    public enum BatchFault: Hashable, Sendable {
        case kindCount(expectedCount: Int, foundCount: Int)
        /// `vectors` must hold `dimension` floats for every upsert.
        case vectorFloatCount(expectedCount: Int, foundCount: Int)
        case columnCount(expectedCount: Int, foundCount: Int)
        case columnType(columnIndex: Int, expected: FilterType, found: FilterType)
        case columnRowCount(columnIndex: Int, expectedCount: Int, foundCount: Int)
        /// A row has more values than the column allows: 1, in an array column 65,535.
        case valueCount(columnIndex: Int, upsertIndex: Int, foundCount: Int, limitCount: Int)
        /// NaN in a number column, or the timestamp `Int64.min`, which stands for absence.
        case value(columnIndex: Int, valueIndex: Int)
    }

    public enum ConfigurationFault: Hashable, Sendable {
        case dimension(Int)
        case rowLimit(Int)
        case columnCount(Int)
        case duplicateColumnName
    }

    case invalidConfiguration(ConfigurationFault)
    /// The query's vector.
    case invalidQuery(VectorFault)
    /// The vector of the row at `rowIndex` in the batch's `ids`.
    case invalidVector(rowIndex: Int, VectorFault)
    case malformedBatch(BatchFault)
    /// `resultLimit` is outside `SearchRequest.resultLimitRange`.
    case resultLimitOutOfRange(Int)
    case minimumScoreNotANumber
    /// `recallTarget` is outside `SearchRequest.recallTargetRange`, or NaN.
    case recallTargetOutOfRange(Float)
    case invalidFilter(FilterError)
    /// The batch could take the index past `VectorIndexConfiguration.rowLimit` live rows.
    case full(rowLimit: Int)
}
