extension Filter {
    /// Whether a record passes: the meaning of a filter, which every quicker evaluation has to agree with.
    ///
    /// - Parameters:
    ///   - values: The record's values of each column, in the order of `columns`.
    ///   - columns: Those the filter was validated for.
    public func matches(_ values: [[FilterValue]], columns: [FilterColumn]) -> Bool {
        switch self {
        case .all(let children):
            return children.allSatisfy { $0.matches(values, columns: columns) }
        case .any(let children):
            return children.contains { $0.matches(values, columns: columns) }
        case .not(let child):
            return !child.matches(values, columns: columns)
        case .compare(let field, let comparison, let value):
            return Self.values(of: field, values, columns).contains { comparison.holds($0, value) }
        case .isIn(let field, let alternatives):
            return Self.values(of: field, values, columns).contains { value in
                alternatives.contains { FilterComparison.equal.holds(value, $0) }
            }
        case .exists(let field):
            return !Self.values(of: field, values, columns).isEmpty
        }
    }

    private static func values(
        of field: String, _ values: [[FilterValue]], _ columns: [FilterColumn]
    ) -> [FilterValue] {
        guard let index = columns.firstIndex(where: { $0.name == field }), index < values.count else { return [] }
        return values[index]
    }
}

extension FilterComparison {
    /// Whether `left` is in this relation to `right`; values of two types are in none.
    fileprivate func holds(_ left: FilterValue, _ right: FilterValue) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): holds(left.utf8, right.utf8)
        case (.number(let left), .number(let right)): holds(left, right)
        case (.timestamp(let left), .timestamp(let right)): holds(left, right)
        case (.boolean(let left), .boolean(let right)): holds(left ? 1 : 0, right ? 1 : 0)
        default: false
        }
    }

    private func holds(_ left: String.UTF8View, _ right: String.UTF8View) -> Bool {
        switch self {
        case .equal: left.elementsEqual(right)
        case .lessThan: left.lexicographicallyPrecedes(right)
        case .greaterThan: right.lexicographicallyPrecedes(left)
        case .lessThanOrEqual: !right.lexicographicallyPrecedes(left)
        case .greaterThanOrEqual: !left.lexicographicallyPrecedes(right)
        }
    }

    private func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .lessThan: left < right
        case .greaterThan: left > right
        case .lessThanOrEqual: left <= right
        case .greaterThanOrEqual: left >= right
        }
    }
}
