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

    /// `negated` carries a `not` down to the comparisons (De Morgan, which holds because nothing is NULL): SQLite's
    /// parser has a stack of a hundred places, and a `NOT (` would cost two of them at each level.
    private mutating func condition(_ filter: Filter, negated: Bool = false) throws(StoreError) -> String {
        let condition: String
        switch filter {
        case .not(let operand):
            return try self.condition(operand, negated: !negated)
        case .all(let operands):
            let conditions = try conditions(operands, negated: negated)
            return negated ? Self.chain(conditions, "OR", whenEmpty: "0") : Self.chain(conditions, "AND", whenEmpty: "1")
        case .any(let operands):
            let conditions = try conditions(operands, negated: negated)
            return negated ? Self.chain(conditions, "AND", whenEmpty: "1") : Self.chain(conditions, "OR", whenEmpty: "0")
        case .exists(let field): condition = "(r.\(try column(field).name) IS NOT NULL)"
        case .compare(let field, let comparison, let value):
            condition = try comparisonCondition(field, comparison, value)
        case .isIn(let field, let values): condition = try membershipCondition(field, values)
        }
        return negated ? "NOT \(condition)" : condition
    }

    /// The largest operand first: what stands before a parenthesis stays on the parser's stack while that is read. So a
    /// level costs one place, and two more only for an operand of at most half the size of the whole, of which there are
    /// no more than log2(`Filter.nodeCountLimit`) one in the other.
    private mutating func conditions(_ filters: [Filter], negated: Bool) throws(StoreError) -> [String] {
        let sized = filters.enumerated().map { (index: $0.offset, nodeCount: Self.nodeCount($0.element)) }
        let largestFirst = sized.sorted { ($1.nodeCount, $0.index) < ($0.nodeCount, $1.index) }
        var conditions: [String] = []
        for operand in largestFirst { conditions.append(try condition(filters[operand.index], negated: negated)) }
        return conditions
    }

    private static func nodeCount(_ filter: Filter) -> Int {
        switch filter {
        case .all(let operands), .any(let operands): operands.reduce(1) { $0 + nodeCount($1) }
        case .not(let operand): nodeCount(operand)
        case .compare, .isIn, .exists: 1
        }
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
