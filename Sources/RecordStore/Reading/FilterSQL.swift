import RecordSchema

/// A filter as a condition on a collection's records, true or false for every row and never NULL, so that `not` is what
/// it says: a row without a value fails every comparison, and passes its negation.
///
/// Names come from the collection's column list and nowhere else; every value is an argument.
struct FilterSQL {
    /// Operands in one chain of AND or OR; longer ones become chains of chains. SQLite's expressions nest to 1,000, and a
    /// chain nests as deep as it is long.
    private static let chainLengthMax = 25

    private(set) var sql = ""
    private(set) var arguments: [SQLValue] = []
    private let tables: CollectionTables

    /// `nil` filter: true.
    init(_ filter: Filter?, tables: CollectionTables) throws(StoreError) {
        self.tables = tables
        guard let filter else {
            sql = "1"
            return
        }
        // Bounds depth, nodes and values, so that the statement is one that SQLite takes.
        do { try filter.validate(columns: tables.collection.columns) } catch { throw .invalidFilter(error) }
        sql = try condition(filter)
    }

    private mutating func condition(_ filter: Filter) throws(StoreError) -> String {
        switch filter {
        case .all(let operands): return Self.chain(try conditions(operands), "AND", whenEmpty: "1")
        case .any(let operands): return Self.chain(try conditions(operands), "OR", whenEmpty: "0")
        case .not(let operand): return "NOT \(try condition(operand))"
        case .exists(let field): return "(r.\(try column(field).name) IS NOT NULL)"
        case .compare(let field, let comparison, let value):
            return try comparisonCondition(field, comparison, value)
        case .isIn(let field, let values):
            return try membershipCondition(field, values)
        }
    }

    private mutating func conditions(_ filters: [Filter]) throws(StoreError) -> [String] {
        var conditions: [String] = []
        for filter in filters { conditions.append(try condition(filter)) }
        return conditions
    }

    private mutating func comparisonCondition(
        _ field: String, _ comparison: FilterComparison, _ value: FilterValue
    ) throws(StoreError) -> String {
        let (name, column) = try column(field)
        let sign = switch comparison {
        case .equal: "="
        case .greaterThan: ">"
        case .greaterThanOrEqual: ">="
        case .lessThan: "<"
        case .lessThanOrEqual: "<="
        }
        if column.isArray {
            arguments.append(ColumnCoding.element(value))
            return "EXISTS (SELECT 1 FROM json_each(r.\(name)) WHERE value \(sign) ?)"
        }
        arguments.append(ColumnCoding.scalar(value))
        return "(r.\(name) IS NOT NULL AND r.\(name) \(sign) ?)"
    }

    private mutating func membershipCondition(_ field: String, _ values: [FilterValue]) throws(StoreError) -> String {
        let (name, column) = try column(field)
        if values.isEmpty { return "0" }
        let places = values.map { _ in "?" }.joined(separator: ",")
        if column.isArray {
            arguments += values.map(ColumnCoding.element)
            return "EXISTS (SELECT 1 FROM json_each(r.\(name)) WHERE value IN (\(places)))"
        }
        arguments += values.map(ColumnCoding.scalar)
        return "(r.\(name) IS NOT NULL AND r.\(name) IN (\(places)))"
    }

    private func column(_ field: String) throws(StoreError) -> (name: String, column: FilterColumn) {
        guard let found = tables.column(named: field) else { throw .unknownField(field) }
        return (found.name, found.column)
    }

    private static func chain(_ conditions: [String], _ word: String, whenEmpty: String) -> String {
        if conditions.isEmpty { return whenEmpty }
        var links = conditions
        while links.count > chainLengthMax {
            links = stride(from: 0, to: links.count, by: chainLengthMax).map { start in
                join(links[start..<min(start + chainLengthMax, links.count)], word)
            }
        }
        return join(links[...], word)
    }

    private static func join(_ conditions: ArraySlice<String>, _ word: String) -> String {
        "(" + conditions.joined(separator: " \(word) ") + ")"
    }
}
