import RecordSchema

/// Reads the parameters of a query one by one and keeps every issue, so that an answer names them all.
struct ParameterReader {
    let query: QueryString
    private(set) var issues: [ValidationIssue] = []

    init(_ query: QueryString) { self.query = query }

    /// `nil` where the parameter is absent or not valid; in the second case there is an issue.
    mutating func value(_ parameter: Parameter) -> JSON? {
        guard let text = query[parameter.name] else { return nil }
        return parameter.type.validate(.string(text), at: ["query", .key(parameter.name)], into: &issues)
    }

    /// An integer parameter, or its default.
    mutating func integer(_ parameter: Parameter) -> Int {
        Int(clamping: value(parameter)?.integerValue ?? parameter.defaultValue.integerValue ?? 0)
    }

    mutating func flag(_ parameter: Parameter) -> Bool { value(parameter)?.booleanValue ?? false }

    mutating func text(_ parameter: Parameter) -> String? { value(parameter)?.stringValue }

    mutating func add(_ found: [ValidationIssue]) { issues += found }

    /// Throws all issues found so far as one answer.
    func check() throws(ServiceFailure) {
        guard issues.isEmpty else { throw .invalid(issues) }
    }
}

extension ParameterReader {
    /// The condition that the remaining parameters make: `source=linkedin`, `salary_min.gte=100000`.
    mutating func filter(except parameters: [Parameter], columns: [FilterColumn]) -> Filter? {
        let names = Set(parameters.map(\.name))
        let items = query.parameters.filter { !names.contains($0.name) }
        guard !items.isEmpty else { return nil }
        var found: [ValidationIssue] = []
        let filter = Filter.parse(queryItems: items, columns: columns, at: ["query"], into: &found)
        add(found)
        return filter
    }
}

extension ParameterReader {
    /// Adds an issue of our own about a parameter.
    mutating func refuse(_ name: String, _ reason: String) {
        add([
            ValidationIssue(
                type: "value_error", loc: ["query", .key(name)], message: "Value error, \(name) \(reason)",
                input: .string(query[name] ?? ""), context: ["error": .object([:])])
        ])
    }
}
