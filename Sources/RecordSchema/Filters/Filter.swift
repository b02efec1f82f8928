/// A condition on the filterable fields of a record, as a value: parsed by the gateway, carried over the wire, turned
/// into SQL by the store and into a bitmap by the index.
///
/// A field holds zero, one or (arrays) more values. Absent and null are the same: zero values.
///
/// - `compare` and `isIn` hold when *some* value of the field satisfies them, so a field without a value never does.
/// - `ne` and `nin` have no case of their own: they are `not(compare(.equal))` and `not(isIn)`, so a field without a
///   value passes them, as in MongoDB and Qdrant.
/// - `all([])` is true, `any([])` is false.
///
/// Every value in a filter has its column's type: the parser makes sure, and whoever takes a filter from a peer checks
/// it with `validate(columns:)`.
public indirect enum Filter: Sendable, Hashable {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    case compare(field: String, FilterComparison, FilterValue)
    case isIn(field: String, [FilterValue])
    /// The field has at least one value.
    case exists(field: String)
}

/// Strings order by their UTF-8 bytes, booleans false before true.
public enum FilterComparison: String, Sendable, Hashable, CaseIterable {
    case equal = "eq"
    case greaterThan = "gt"
    case greaterThanOrEqual = "gte"
    case lessThan = "lt"
    case lessThanOrEqual = "lte"
}
