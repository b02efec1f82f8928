/// Why a filter cannot be evaluated over a collection's columns.
public enum FilterError: Error, Hashable {
    case unknownField(String)
    case wrongValueType(field: String, expected: FilterType, found: FilterType)
    /// A number in the filter is NaN, which compares with nothing.
    case notANumber(field: String)
    case tooDeep(limitDepth: Int)
    case tooManyNodes(limitCount: Int)
    case tooManyValues(limitCount: Int)
}

extension Filter {
    /// Levels of `all`, `any` and `not`, with the innermost condition.
    public static let depthLimit = 32
    /// Conditions and combinations in one filter.
    public static let nodeCountLimit = 1_000
    /// Values in one filter, over all its conditions.
    public static let valueCountLimit = 10_000

    /// Checks that every field is one of `columns`, that every value has its column's type, and that the filter is
    /// within the limits above. For filters from a peer: it visits at most `nodeCountLimit` nodes and
    /// `valueCountLimit` values, whatever it is given.
    public func validate(columns: [FilterColumn]) throws(FilterError) {
        // Of two columns with one name the first counts: the collection's file was checked before.
        let types = Dictionary(columns.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        var check = FilterCheck(types: types)
        try check.visit(self, depth: 1)
    }
}

private struct FilterCheck {
    let types: [String: FilterType]
    var nodeCount = 0
    var valueCount = 0

    mutating func visit(_ filter: Filter, depth: Int) throws(FilterError) {
        guard depth <= Filter.depthLimit else { throw .tooDeep(limitDepth: Filter.depthLimit) }
        nodeCount += 1
        guard nodeCount <= Filter.nodeCountLimit else { throw .tooManyNodes(limitCount: Filter.nodeCountLimit) }
        switch filter {
        case .all(let children), .any(let children):
            for child in children { try visit(child, depth: depth + 1) }
        case .not(let child):
            try visit(child, depth: depth + 1)
        case .compare(let field, _, let value):
            try count(1)
            try check(value, of: field, type: type(of: field))
        case .isIn(let field, let values):
            try count(values.count)
            let type = try type(of: field)
            for value in values { try check(value, of: field, type: type) }
        case .exists(let field):
            _ = try type(of: field)
        }
    }

    private mutating func count(_ values: Int) throws(FilterError) {
        valueCount += values
        guard valueCount <= Filter.valueCountLimit else { throw .tooManyValues(limitCount: Filter.valueCountLimit) }
    }

    private func type(of field: String) throws(FilterError) -> FilterType {
        guard let type = types[field] else { throw .unknownField(field) }
        return type
    }

    private func check(_ value: FilterValue, of field: String, type: FilterType) throws(FilterError) {
        guard value.type == type else {
            throw .wrongValueType(field: field, expected: type, found: value.type)
        }
        if case .number(let number) = value, number.isNaN { throw .notANumber(field: field) }
    }
}
