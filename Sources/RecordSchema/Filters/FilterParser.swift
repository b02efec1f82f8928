/// The operators of the filter language, as they are written in a search's body and in query parameters.
enum FilterOperator: String, CaseIterable {
    case eq, ne, `in`, nin, gt, gte, lt, lte, exists

    static let list = allCases.map(\.rawValue).joined(separator: ", ")

    /// The comparison that the operator makes with its one value; `nil` for the others.
    fileprivate var comparison: FilterComparison? {
        switch self {
        case .eq, .ne: .equal
        case .gt: .greaterThan
        case .gte: .greaterThanOrEqual
        case .lt: .lessThan
        case .lte: .lessThanOrEqual
        case .in, .nin, .exists: nil
        }
    }
}

/// Reads conditions and reports what is wrong with them at their place.
///
/// Recursion is bounded by the depth of the JSON value, work by its size; whether the result is within a filter's
/// limits is checked at the end.
struct FilterParser {
    private let columns: [FilterColumn]
    var validator: Validator

    init(columns: [FilterColumn], loc: [LocComponent]) {
        self.columns = columns
        validator = Validator(loc: loc)
    }

    func column(_ name: String) -> FilterColumn? {
        columns.first { $0.name.hasSameCodePoints(as: name) }
    }

    var columnList: String {
        columns.isEmpty ? "no field can be" : "fields that can be: \(columns.map(\.name).joined(separator: ", "))"
    }

    private mutating func at<Result>(_ component: LocComponent, _ body: (inout FilterParser) -> Result) -> Result {
        validator.enter(component)
        defer { validator.leave() }
        return body(&self)
    }

    // MARK: - JSON

    /// All entries of an object, each a field with its conditions or one of `all`, `any`, `not`.
    mutating func filter(_ value: JSON) -> Filter? {
        guard case .object(let object) = value else {
            validator.report(.dictType, value)
            return nil
        }
        var filters: [Filter] = []
        for member in object.members where !validator.isFull {
            let filter = at(.key(member.key)) { $0.entry(member.key, member.value) }
            if let filter { filters.append(filter) }
        }
        return filters.count == 1 ? filters[0] : .all(filters)
    }

    private mutating func entry(_ key: String, _ value: JSON) -> Filter? {
        switch key {
        case "all": return filters(value).map(Filter.all)
        case "any": return filters(value).map(Filter.any)
        case "not": return filter(value).map(Filter.not)
        default: break
        }
        guard let column = column(key) else {
            validator.report(.value("\(key) cannot be filtered on; \(columnList)"), value)
            return nil
        }
        guard case .object(let operators) = value else { return condition(column, .eq, value) }
        guard !operators.isEmpty else {
            validator.report(.value("an operator is missing; operators are \(FilterOperator.list)"), value)
            return nil
        }
        var filters: [Filter] = []
        for member in operators.members where !validator.isFull {
            let filter = at(.key(member.key)) { parser -> Filter? in
                guard let filterOperator = FilterOperator(rawValue: member.key) else {
                    parser.validator.report(
                        .value("\(member.key) is no operator; operators are \(FilterOperator.list)"), member.value)
                    return nil
                }
                return parser.condition(column, filterOperator, member.value)
            }
            if let filter { filters.append(filter) }
        }
        return filters.count == 1 ? filters[0] : .all(filters)
    }

    private mutating func filters(_ value: JSON) -> [Filter]? {
        guard case .array(let elements) = value else {
            validator.report(.listType, value)
            return nil
        }
        var filters: [Filter] = []
        for (index, element) in elements.enumerated() where !validator.isFull {
            if let filter = at(.index(index), { $0.filter(element) }) { filters.append(filter) }
        }
        return filters
    }

    // MARK: - Conditions

    /// One operator on one field. Null is no value: equal to null is a field without one.
    mutating func condition(_ column: FilterColumn, _ filterOperator: FilterOperator, _ value: JSON) -> Filter? {
        switch filterOperator {
        case .exists:
            guard let exists = validator.check(value, .boolean)?.booleanValue else { return nil }
            return exists ? .exists(field: column.name) : .not(.exists(field: column.name))
        case .in: return values(column, value).map { .isIn(field: column.name, $0) }
        case .nin: return values(column, value).map { .not(.isIn(field: column.name, $0)) }
        case .eq where value.isNull: return .not(.exists(field: column.name))
        case .ne where value.isNull: return .exists(field: column.name)
        case .eq, .ne, .gt, .gte, .lt, .lte:
            guard let comparison = filterOperator.comparison, let value = self.value(column, value) else { return nil }
            let filter = Filter.compare(field: column.name, comparison, value)
            return filterOperator == .ne ? .not(filter) : filter
        }
    }

    private mutating func values(_ column: FilterColumn, _ value: JSON) -> [FilterValue]? {
        guard case .array(let elements) = value else {
            validator.report(.listType, value)
            return nil
        }
        var values: [FilterValue] = []
        for (index, element) in elements.enumerated() where !validator.isFull {
            if let value = at(.index(index), { $0.value(column, element) }) { values.append(value) }
        }
        return values
    }

    mutating func value(_ column: FilterColumn, _ value: JSON) -> FilterValue? {
        switch column.type {
        case .string: validator.check(value, .string)?.stringValue.map(FilterValue.string)
        case .number: validator.check(value, .number)?.doubleValue.map(FilterValue.number)
        case .boolean: validator.check(value, .boolean)?.booleanValue.map(FilterValue.boolean)
        case .timestamp:
            validator.check(value, .dateTime).flatMap(Timestamp.microseconds).map(FilterValue.timestamp)
        }
    }

    /// The filter, if nothing was reported and it is within the limits of `Filter.validate`.
    mutating func finished(_ filter: Filter?, _ input: JSON) -> Filter? {
        guard let filter, validator.issues.isEmpty else { return nil }
        do throws(FilterError) {
            try filter.validate(columns: columns)
            return filter
        } catch {
            validator.report(.value(Self.message(error)), input)
            return nil
        }
    }

    private static func message(_ error: FilterError) -> String {
        switch error {
        case .tooDeep(let limit): "a filter may be at most \(limit) levels deep"
        case .tooManyNodes(let limit): "a filter may have at most \(limit) conditions"
        case .tooManyValues(let limit): "a filter may have at most \(limit) values"
        case .unknownField(let field): "\(field) cannot be filtered on"
        case .wrongValueType(let field, let expected, let found):
            "\(field) is a \(expected.rawValue) and not a \(found.rawValue)"
        case .notANumber(let field): "\(field) cannot be compared with NaN"
        }
    }
}

extension Filter {
    /// Reads the filter of a search's body: an object of conditions that all have to hold.
    ///
    /// An entry is `field: value` (equal; null: has no value), `field: {operator: value, …}` with the operators
    /// `eq ne in nin gt gte lt lte exists`, `all: [filter, …]`, `any: [filter, …]` or `not: filter`. A value is read
    /// as the field itself would read it, so that a timestamp may come in every form that a record's may.
    ///
    /// - Parameters:
    ///   - columns: The collection's.
    ///   - loc: Where the filter is in the request, such as `["body", "filter"]`.
    /// - Returns: A filter that is valid for `columns`; `nil` when an issue was added.
    public static func parse(
        _ json: JSON, columns: [FilterColumn], at loc: [LocComponent], into issues: inout [ValidationIssue]
    ) -> Filter? {
        var parser = FilterParser(columns: columns, loc: loc)
        let filter = parser.filter(json)
        let result = parser.finished(filter, json)
        issues += parser.validator.issues
        return result
    }
}
