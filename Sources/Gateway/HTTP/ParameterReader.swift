import RecordSchema

/// Reads the parameters of a query one by one and keeps every issue, so that an answer names them all.
struct ParameterReader {
    let query: QueryString
    private(set) var issues: [ValidationIssue] = []

    init(_ query: QueryString) { self.query = query }

    /// `nil` where the parameter is absent or not valid; in the second case there is an issue.
    mutating func value(_ name: String, _ type: FieldType) -> JSON? {
        guard let text = query[name] else { return nil }
        return type.validate(.string(text), at: ["query", .key(name)], into: &issues)
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>, default defaultValue: Int) -> Int {
        value(name, .integer(range)).flatMap(\.integerValue).map(Int.init) ?? defaultValue
    }

    mutating func boolean(_ name: String) -> Bool {
        value(name, .boolean).flatMap(\.booleanValue) ?? false
    }

    /// One of a few words.
    mutating func choice(_ name: String, _ words: [String]) -> String? {
        value(name, .string(oneOf: words)).flatMap(\.stringValue)
    }

    mutating func add(_ found: [ValidationIssue]) { issues += found }

    /// Throws all issues found so far as one answer.
    func check() throws(ServiceFailure) {
        guard issues.isEmpty else { throw .invalid(issues) }
    }
}

extension ParameterReader {
    /// The condition that the remaining parameters make: `source=linkedin`, `salary_min.gte=100000`.
    mutating func filter(except names: Set<String>, columns: [FilterColumn]) -> Filter? {
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
