import RecordSchema
import RecordStore
import Testing

/// The semantics of `Filter` in the plainest form, to hold the SQL against.
private func matches(_ filter: Filter, _ row: [[FilterValue]], _ columns: [FilterColumn]) -> Bool {
    func values(_ field: String) -> [FilterValue] { row[columns.firstIndex { $0.name == field }!] }
    switch filter {
    case .all(let operands): return operands.allSatisfy { matches($0, row, columns) }
    case .any(let operands): return operands.contains { matches($0, row, columns) }
    case .not(let operand): return !matches(operand, row, columns)
    case .exists(let field): return !values(field).isEmpty
    case .isIn(let field, let list): return values(field).contains { value in list.contains { order(value, $0) == 0 } }
    case .compare(let field, let comparison, let wanted):
        return values(field).contains { value in
            switch comparison {
            case .equal: order(value, wanted) == 0
            case .greaterThan: order(value, wanted) > 0
            case .greaterThanOrEqual: order(value, wanted) >= 0
            case .lessThan: order(value, wanted) < 0
            case .lessThanOrEqual: order(value, wanted) <= 0
            }
        }
    }
}

/// -1, 0, 1. Strings by their UTF-8 bytes, false before true.
private func order(_ a: FilterValue, _ b: FilterValue) -> Int {
    switch (a, b) {
    case (.string(let a), .string(let b)):
        Array(a.utf8) == Array(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    case (.number(let a), .number(let b)): a == b ? 0 : a < b ? -1 : 1
    case (.timestamp(let a), .timestamp(let b)): a == b ? 0 : a < b ? -1 : 1
    case (.boolean(let a), .boolean(let b)): a == b ? 0 : a ? 1 : -1
    default: preconditionFailure("values of two types")
    }
}

private let strings = [
    "", "a", "A", "ab", "a\u{0}", "a\u{0}b", "a\u{1}", "\u{0}", "é", "e\u{301}", "😀", "\u{FFFF}", "'; DROP TABLE x; --", "\"", "\\", "a\nb",
    "10", "9", "null", "%", "_",
]
private let numbers: [Double] = [
    0, -0.0, 1, -1, 0.1, 0.30000000000000004, 0.3, 1e300, -1e300, .leastNonzeroMagnitude, .infinity, -.infinity, 9007199254740992,
    19.99, 123456.789012345, 1e15, 1e16, 100000,
]
private let timestamps: [Int64] = [0, 1, -1, .max, .min, 1_700_000_000_000_000, 1_700_000_000_000_001]

private func randomValue(_ type: FilterType, _ generator: inout SeededGenerator) -> FilterValue {
    switch type {
    case .string: .string(strings.randomElement(using: &generator)!)
    case .number: .number(numbers.randomElement(using: &generator)!)
    case .timestamp: .timestamp(timestamps.randomElement(using: &generator)!)
    case .boolean: .boolean(Bool.random(using: &generator))
    }
}

private func randomFilter(depth: Int, _ columns: [FilterColumn], _ generator: inout SeededGenerator) -> Filter {
    let column = columns.randomElement(using: &generator)!
    switch Int.random(in: 0..<(depth == 0 ? 4 : 8), using: &generator) {
    case 0: return .exists(field: column.name)
    case 1:
        let count = Int.random(in: 0...3, using: &generator)
        return .isIn(field: column.name, (0..<count).map { _ in randomValue(column.type, &generator) })
    case 2, 3:
        return .compare(
            field: column.name, FilterComparison.allCases.randomElement(using: &generator)!,
            randomValue(column.type, &generator))
    case 4, 5: return .not(randomFilter(depth: depth - 1, columns, &generator))
    case let kind:
        let count = Int.random(in: 0...3, using: &generator)
        let operands = (0..<count).map { _ in randomFilter(depth: depth - 1, columns, &generator) }
        return kind == 6 ? .all(operands) : .any(operands)
    }
}

private let columns = jobColumns + [
    FilterColumn(name: "dates", type: .timestamp, isArray: true),
    FilterColumn(name: "flags", type: .boolean, isArray: true),
    // Names that SQL would take for one, or for something else.
    FilterColumn(name: "Company", type: .string), FilterColumn(name: "a b", type: .string),
    FilterColumn(name: "a-b", type: .number), FilterColumn(name: "\"; DROP", type: .boolean),
]

@Suite("Filters in SQL") struct FilterTests {
    let directory = TemporaryDirectory()

    @Test func `give what the definition of a filter gives, for random rows and filters`() async throws {
        var generator = SeededGenerator(seed: 11)
        let store = try openStore(directory, [makeCollection(columns: columns, textFields: [])])
        var rows: [[[FilterValue]]] = []
        for _ in 0..<150 {
            rows.append(columns.map { column in
                let count = Int.random(in: 0...(column.isArray ? 3 : 1), using: &generator)
                return (0..<count).map { _ in randomValue(column.type, &generator) }
            })
        }
        let results = try await store.write(
            rows.map { .insert(RecordWrite(body: [UInt8]("{}".utf8), filterValues: $0), duplicates: .write) },
            to: "jobs", atomically: false)
        let ids = try results.map { try $0.get().id }
        var matchCount = 0
        for _ in 0..<2_000 {
            let filter = randomFilter(depth: 4, columns, &generator)
            let expected = zip(ids, rows).filter { matches(filter, $0.1, columns) }.map(\.0)
            let page = try await store.page("jobs", filter: filter, afterID: 0, limit: 1000)
            #expect(page.map(\.id) == expected, "\(filter)")
            #expect(try await store.count("jobs", filter: filter) == expected.count)
            matchCount += expected.count
        }
        // The filters were neither all empty nor all full.
        #expect(matchCount > 50_000 && matchCount < 250_000)
    }

    @Test func `values come back through the feed as they were written`() async throws {
        var generator = SeededGenerator(seed: 12)
        let store = try openStore(directory, [makeCollection(columns: columns, textFields: [], vectors: nil)])
        var expected = columns.map { ColumnBatch(type: $0.type) }
        var operations: [WriteOperation] = []
        for _ in 0..<300 {
            let row = columns.map { column in
                (0..<Int.random(in: 0...(column.isArray ? 4 : 1), using: &generator)).map { _ in
                    // The store keeps no sign of zero: -0.0 and 0.0 are one number to every filter.
                    let value = randomValue(column.type, &generator)
                    return value == .number(0) ? .number(0) : value
                }
            }
            for (index, values) in row.enumerated() { expected[index].append(values) }
            operations.append(.insert(RecordWrite(body: [UInt8]("{}".utf8), filterValues: row), duplicates: .write))
        }
        _ = try await store.write(operations, to: "jobs", atomically: true)
        let page = try await store.feed("jobs", shardIndex: 0, shardCount: 1, afterSeq: 0, limit: 1000)
        for (found, wanted) in zip(page.columns, expected) {
            #expect(found.counts == wanted.counts)
            switch (found.values, wanted.values) {
            // Swift's `==` takes composed and decomposed letters for equal; the store must not.
            case (.strings(let a), .strings(let b)): #expect(a.map { Array($0.utf8) } == b.map { Array($0.utf8) })
            default: #expect(found.values == wanted.values)
            }
        }
        #expect(page.vectors.isEmpty)
    }

    @Test func `as deep, as wide and as full as a filter may be are taken`() async throws {
        let store = try openStore(directory)
        _ = try await store.insert(makeRecord(title: "A", company: "c7"), into: "jobs")
        let leaf = Filter.compare(field: "company", .equal, .string("c7"))
        var tallest = leaf
        for _ in 1..<Filter.depthLimit { tallest = .any([.exists(field: "remote"), tallest]) }
        #expect(try await store.count("jobs", filter: tallest) == 1)
        tallest = leaf
        for _ in 1..<Filter.depthLimit { tallest = .all([leaf, tallest, leaf]) }
        #expect(try await store.count("jobs", filter: tallest) == 1)
        tallest = leaf
        for level in 1..<Filter.depthLimit {
            tallest = level % 3 == 0 ? .not(.not(tallest)) : level % 3 == 1 ? .all([tallest, leaf]) : .any([leaf, .not(leaf), tallest])
            if (try? tallest.validate(columns: jobColumns)) == nil { break }
            #expect(try await store.count("jobs", filter: tallest) == 1)
        }
        tallest = leaf
        for _ in 1..<Filter.depthLimit { tallest = .not(tallest) }
        #expect(try await store.count("jobs", filter: tallest) == (Filter.depthLimit % 2 == 1 ? 1 : 0))
        let wide = Filter.any((0..<(Filter.nodeCountLimit - 1)).map { .compare(field: "company", .equal, .string("c\($0)")) })
        #expect(try await store.count("jobs", filter: wide) == 1)
        let full = Filter.isIn(field: "company", (0..<Filter.valueCountLimit).map { .string("c\($0)") })
        #expect(try await store.count("jobs", filter: full) == 1)
        #expect(try await store.count("jobs", filter: .not(full)) == 0)
    }

    @Test func `that do not fit the columns are refused`() async throws {
        let store = try openStore(directory)
        await expectError(.invalidFilter(.unknownField("deleted"))) {
            _ = try await store.count("jobs", filter: .exists(field: "deleted"))
        }
        await expectError(.invalidFilter(.wrongValueType(field: "company", expected: .string, found: .number))) {
            _ = try await store.count("jobs", filter: .compare(field: "company", .equal, .number(1)))
        }
    }
}
