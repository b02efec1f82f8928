import Foundation
import RecordSchema

@testable import VectorIndex

/// What the index should do, in the most obvious way: a dictionary of rows, every score in double, every filter by
/// walking its tree.
struct NaiveModel {
    struct Row {
        var vector: [Float]
        /// For each column, the row's values.
        var values: [[FilterValue]]
    }

    let metric: Metric
    let columns: [FilterColumn]
    var rows: [UInt64: Row] = [:]

    func score(_ query: [Float], _ vector: [Float]) -> Double {
        var product = 0.0, querySquares = 0.0, squares = 0.0, differenceSquares = 0.0
        for (a, b) in zip(query, vector) {
            product += Double(a) * Double(b)
            querySquares += Double(a) * Double(a)
            squares += Double(b) * Double(b)
            differenceSquares += (Double(a) - Double(b)) * (Double(a) - Double(b))
        }
        switch metric {
        case .cosine: return product / (querySquares * squares).squareRoot()
        case .dot: return product
        case .euclidean: return -differenceSquares.squareRoot()
        }
    }

    func holds(_ filter: Filter, for row: Row) -> Bool {
        func values(_ field: String) -> [FilterValue] {
            row.values[columns.firstIndex { $0.name == field }!]
        }
        switch filter {
        case .all(let children): return children.allSatisfy { holds($0, for: row) }
        case .any(let children): return children.contains { holds($0, for: row) }
        case .not(let child): return !holds(child, for: row)
        case .exists(let field): return !values(field).isEmpty
        case .isIn(let field, let list):
            return values(field).contains { value in list.contains { Self.order(value, $0) == 0 } }
        case .compare(let field, let comparison, let value):
            return values(field).contains { candidate in
                let order = Self.order(candidate, value)
                switch comparison {
                case .equal: return order == 0
                case .greaterThan: return order > 0
                case .greaterThanOrEqual: return order >= 0
                case .lessThan: return order < 0
                case .lessThanOrEqual: return order <= 0
                }
            }
        }
    }

    private static func order(_ a: FilterValue, _ b: FilterValue) -> Int {
        switch (a, b) {
        case (.string(let a), .string(let b)):
            Array(a.utf8).lexicographicallyPrecedes(Array(b.utf8)) ? -1
                : Array(b.utf8).lexicographicallyPrecedes(Array(a.utf8)) ? 1 : 0
        case (.number(let a), .number(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.timestamp(let a), .timestamp(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.boolean(let a), .boolean(let b)): (a ? 1 : 0) - (b ? 1 : 0)
        default: preconditionFailure("values of one type")
        }
    }
}

/// Random rows and filters over columns of every type.
struct RandomRows {
    static let columns = [
        FilterColumn(name: "company", type: .string), FilterColumn(name: "tags", type: .string, isArray: true),
        FilterColumn(name: "salary", type: .number), FilterColumn(name: "ratings", type: .number, isArray: true),
        FilterColumn(name: "posted_at", type: .timestamp), FilterColumn(name: "remote", type: .boolean),
    ]

    var generator: SeededGenerator

    mutating func value(of type: FilterType) -> FilterValue {
        switch type {
        // Prefixes of each other, multi-byte characters and the empty string order differently as text and as bytes.
        case .string: .string(["", "a", "ab", "abc", "B", "é", "e\u{301}", "zz", "日本", "\u{10000}", "\u{ffff}"]
                .randomElement(using: &generator)!)
        case .number: .number([-1e300, -1, -0.0, 0.0, 0.5, 1, 2, 3, .infinity].randomElement(using: &generator)!)
        case .timestamp: .timestamp([Int64.min + 1, -1, 0, 1, 2, .max].randomElement(using: &generator)!)
        case .boolean: .boolean(Bool.random(using: &generator))
        }
    }

    mutating func values() -> [[FilterValue]] {
        Self.columns.map { column in
            let count = Int.random(in: 0...(column.isArray ? 3 : 1), using: &generator)
            return (0 ..< count).map { _ in value(of: column.type) }
        }
    }

    mutating func filter(depth: Int = 0) -> Filter {
        let column = Self.columns.randomElement(using: &generator)!
        switch Int.random(in: 0...(depth < 4 ? 6 : 2), using: &generator) {
        case 0: return .exists(field: column.name)
        case 1:
            let count = Int.random(in: 0...5, using: &generator)
            return .isIn(field: column.name, (0 ..< count).map { _ in value(of: column.type) })
        case 2, 3:
            let comparison = FilterComparison.allCases.randomElement(using: &generator)!
            return .compare(field: column.name, comparison, value(of: column.type))
        case 4: return .not(filter(depth: depth + 1))
        case 5: return .all((0 ..< Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        default: return .any((0 ..< Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        }
    }
}
