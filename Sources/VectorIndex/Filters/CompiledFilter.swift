import RecordSchema

/// A checked filter with columns by index and values ready to compare: made once for a search.
indirect enum CompiledFilter: Sendable {
    case all([CompiledFilter])
    case any([CompiledFilter])
    case not(CompiledFilter)
    case exists(column: Int)
    case strings(column: Int, StringTest)
    case numbers(column: Int, ValueTest<Double>)
    case timestamps(column: Int, ValueTest<Int64>)
    /// Bit `value` is set when 0 (false) or 1 (true) satisfies the condition.
    case booleans(column: Int, values: UInt8)

    /// - Parameter filter: Valid for `columns`.
    init(_ filter: Filter, columns: [FilterColumn]) {
        func index(_ field: String) -> Int {
            guard let index = columns.firstIndex(where: { $0.name == field }) else {
                preconditionFailure("the filter was validated")
            }
            return index
        }
        switch filter {
        case .all(let children): self = .all(children.map { CompiledFilter($0, columns: columns) })
        case .any(let children): self = .any(children.map { CompiledFilter($0, columns: columns) })
        case .not(let child): self = .not(CompiledFilter(child, columns: columns))
        case .exists(let field): self = .exists(column: index(field))
        case .isIn(let field, let values): self = Self.isIn(column: index(field), values)
        case .compare(let field, let comparison, let value):
            self = Self.compare(column: index(field), comparison, value)
        }
    }

    private static func compare(column: Int, _ comparison: FilterComparison, _ value: FilterValue) -> CompiledFilter {
        switch value {
        case .string(let string): .strings(column: column, .compare(comparison, Array(string.utf8)))
        case .number(let number): .numbers(column: column, .compare(comparison, number))
        case .timestamp(let timestamp): .timestamps(column: column, .compare(comparison, timestamp))
        case .boolean(let boolean):
            booleans(column: column) { comparison.holds(between: $0, and: boolean ? 1 : 0) }
        }
    }

    private static func isIn(column: Int, _ values: [FilterValue]) -> CompiledFilter {
        var strings: [[UInt8]] = [], numbers: [Double] = [], timestamps: [Int64] = [], booleans: [Int] = []
        for value in values {
            switch value {
            case .string(let string): strings.append(Array(string.utf8))
            case .number(let number): numbers.append(number)
            case .timestamp(let timestamp): timestamps.append(timestamp)
            case .boolean(let boolean): booleans.append(boolean ? 1 : 0)
            }
        }
        if !strings.isEmpty { return .strings(column: column, .isIn(strings.sorted { $0.precedes($1) })) }
        if !numbers.isEmpty { return .numbers(column: column, .isIn(numbers.sorted())) }
        if !timestamps.isEmpty { return .timestamps(column: column, .isIn(timestamps.sorted())) }
        // Of no values none is satisfied, whatever the column's type.
        return booleans.isEmpty ? .any([]) : .booleans(column: column) { booleans.contains($0) }
    }

    private static func booleans(column: Int, _ test: (Int) -> Bool) -> CompiledFilter {
        .booleans(column: column, values: (test(0) ? 1 : 0) | (test(1) ? 2 : 0))
    }
}

/// A condition on numbers or timestamps.
enum ValueTest<Value: Comparable & Sendable>: Sendable {
    case compare(FilterComparison, Value)
    /// Ascending.
    case isIn([Value])
}

/// A condition on strings, by their UTF-8.
enum StringTest: Sendable {
    case compare(FilterComparison, [UInt8])
    /// Ascending.
    case isIn([[UInt8]])

    func holds(for string: UnsafeBufferPointer<UInt8>) -> Bool {
        switch self {
        case .compare(let comparison, let value):
            // Most comparisons are for equality, and most strings differ in length.
            if comparison == .equal, string.count != value.count { return false }
            return comparison.holds(between: unsafe Self.order(string, value), and: 0)
        case .isIn(let values):
            var low = 0, high = values.count
            while low < high {
                let middle = (low + high) / 2
                let order = unsafe Self.order(string, values[middle])
                if order == 0 { return true }
                if order > 0 { low = middle + 1 } else { high = middle }
            }
            return false
        }
    }

    /// Below 0, 0 or above 0, as `string` comes before, is or comes after `value`.
    private static func order(_ string: UnsafeBufferPointer<UInt8>, _ value: [UInt8]) -> Int {
        unsafe value.withUnsafeBufferPointer { value in unsafe byteOrder(string, value) }
    }
}

extension FilterComparison {
    @inline(__always)
    func holds<Value: Comparable>(between value: Value, and other: Value) -> Bool {
        switch self {
        case .equal: value == other
        case .greaterThan: value > other
        case .greaterThanOrEqual: value >= other
        case .lessThan: value < other
        case .lessThanOrEqual: value <= other
        }
    }
}

extension [UInt8] {
    fileprivate func precedes(_ other: [UInt8]) -> Bool {
        unsafe withUnsafeBufferPointer { bytes in
            unsafe other.withUnsafeBufferPointer { others in unsafe byteOrder(bytes, others) < 0 }
        }
    }
}
