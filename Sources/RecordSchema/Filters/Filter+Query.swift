extension Filter {
    /// Reads the filter that query parameters make; all of them have to hold.
    ///
    /// A parameter is `field=value`, more than once for one of several values, or `field.operator=value` with the
    /// operators of a search's filter; the values of `in` and `nin` stand between commas.
    ///
    /// - Parameters:
    ///   - queryItems: Decoded; only those that can be nothing but conditions.
    ///   - columns: The collection's.
    ///   - loc: `["query"]`, unless the request says otherwise.
    /// - Returns: A filter that is valid for `columns`; `nil` when an issue was added.
    public static func parse(
        queryItems: [(name: String, value: String)], columns: [FilterColumn], at loc: [LocComponent] = ["query"],
        into issues: inout [ValidationIssue]
    ) -> Filter? {
        var parser = FilterParser(columns: columns, loc: loc)
        var filters: [Filter] = []
        /// The parameters that only name a field, which are alternatives.
        var plain: [(column: FilterColumn, values: [FilterValue])] = []
        for item in queryItems where !parser.validator.isFull {
            parser.validator.enter(.key(item.name))
            defer { parser.validator.leave() }
            if let column = parser.column(item.name) {
                guard let value = parser.value(column, .string(item.value)) else { continue }
                if let index = plain.firstIndex(where: { $0.column == column }) {
                    plain[index].values.append(value)
                } else {
                    plain.append((column, [value]))
                }
            } else if let filter = parser.condition(item.name, item.value) {
                filters.append(filter)
            }
        }
        for (column, values) in plain {
            filters.append(
                values.count == 1
                    ? .compare(field: column.name, .equal, values[0]) : .isIn(field: column.name, values))
        }
        let input = JSONObject(queryItems.map { ($0.name, .string($0.value)) })
        let result = parser.finished(filters.count == 1 ? filters[0] : .all(filters), .object(input))
        issues += parser.validator.issues
        return result
    }
}

extension FilterParser {
    /// The condition of a parameter `field.operator`.
    fileprivate mutating func condition(_ name: String, _ text: String) -> Filter? {
        guard let point = name.lastIndex(of: "."), let column = column(String(name[..<point])) else {
            validator.report(.value("\(name) is no parameter and no field to filter on; \(columnList)"), .string(text))
            return nil
        }
        let word = String(name[name.index(after: point)...])
        guard let filterOperator = FilterOperator(rawValue: word) else {
            validator.report(
                .value("\(word) is no operator; operators are \(FilterOperator.list)"), .string(text))
            return nil
        }
        switch filterOperator {
        case .in, .nin:
            let values = text.split(separator: ",", omittingEmptySubsequences: false).map { JSON.string(String($0)) }
            return condition(column, filterOperator, .array(values))
        default:
            return condition(column, filterOperator, .string(text))
        }
    }
}
