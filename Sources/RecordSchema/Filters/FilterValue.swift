/// The type of a field that a search may filter on, as every part of the system stores and compares it.
///
/// A field declared as an array has the type of its elements and holds any number of values in a row.
public enum FilterType: String, Sendable, Hashable, CaseIterable {
    case string
    /// JSON numbers and integers, compared as IEEE 754 doubles: integers beyond ±2^53 lose their last digits.
    case number
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    case timestamp
    case boolean
}

/// One value of a filterable field.
public enum FilterValue: Sendable, Hashable {
    case string(String)
    /// Never NaN.
    case number(Double)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(Int64)
    case boolean(Bool)

    public var type: FilterType {
        switch self {
        case .string: .string
        case .number: .number
        case .timestamp: .timestamp
        case .boolean: .boolean
        }
    }
}

/// A filterable field of a collection. The list of a collection's columns, in the order its file names them under
/// `x-kazi: filter`, is the layout of every `ColumnBatch` list of that collection.
public struct FilterColumn: Sendable, Hashable {
    public var name: String
    public var type: FilterType
    /// Whether a row may hold more than one value.
    public var isArray: Bool

    public init(name: String, type: FilterType, isArray: Bool = false) {
        self.name = name
        self.type = type
        self.isArray = isArray
    }
}
