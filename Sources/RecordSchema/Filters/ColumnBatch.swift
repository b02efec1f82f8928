/// The values of one filterable column for a run of consecutive rows, column by column: the layout in which rows
/// travel from the store over the wire into the index.
///
/// Row `i` has `counts[i]` values; `values` holds those of row 0, then of row 1, and so on, so its count is the sum
/// of `counts`. A row with no value has a count of 0. Rows of a column that is no array have 0 or 1.
public struct ColumnBatch: Sendable, Hashable {
    public enum Values: Sendable, Hashable {
        case strings([String])
        case numbers([Double])
        /// Microseconds since 1970-01-01T00:00:00Z.
        case timestamps([Int64])
        case booleans([Bool])
    }

    public private(set) var counts: [UInt32]
    public private(set) var values: Values

    public init(type: FilterType) {
        counts = []
        values = switch type {
        case .string: .strings([])
        case .number: .numbers([])
        case .timestamp: .timestamps([])
        case .boolean: .booleans([])
        }
    }

    /// `nil` when the sum of `counts` is not the number of values: a peer's page may be malformed.
    public init?(counts: [UInt32], values: Values) {
        var total: UInt64 = 0
        for count in counts { total += UInt64(count) }
        let batch = ColumnBatch(checked: counts, values)
        guard total == UInt64(batch.valueCount) else { return nil }
        self = batch
    }

    private init(checked counts: [UInt32], _ values: Values) {
        self.counts = counts
        self.values = values
    }

    public var rowCount: Int { counts.count }

    public var valueCount: Int {
        switch values {
        case .strings(let values): values.count
        case .numbers(let values): values.count
        case .timestamps(let values): values.count
        case .booleans(let values): values.count
        }
    }

    public var type: FilterType {
        switch values {
        case .strings: .string
        case .numbers: .number
        case .timestamps: .timestamp
        case .booleans: .boolean
        }
    }

    /// Appends one row. Every value must have the batch's type: a caller's mistake, so it traps.
    public mutating func append(_ row: [FilterValue]) {
        counts.append(UInt32(row.count))
        for value in row { append(value) }
    }

    private mutating func append(_ value: FilterValue) {
        switch (values, value) {
        case (.strings(var list), .string(let element)):
            values = .strings([])
            list.append(element)
            values = .strings(list)
        case (.numbers(var list), .number(let element)):
            values = .numbers([])
            list.append(element)
            values = .numbers(list)
        case (.timestamps(var list), .timestamp(let element)):
            values = .timestamps([])
            list.append(element)
            values = .timestamps(list)
        case (.booleans(var list), .boolean(let element)):
            values = .booleans([])
            list.append(element)
            values = .booleans(list)
        default:
            preconditionFailure("a \(value.type.rawValue) in a column of \(type.rawValue)s")
        }
    }
}
