import RecordSchema
import Testing

@testable import VectorIndex

@Suite("Bad input") struct IndexErrorTests {
    static let columns = [
        FilterColumn(name: "salary", type: .number), FilterColumn(name: "tags", type: .string, isArray: true),
        FilterColumn(name: "posted_at", type: .timestamp),
    ]

    @Test(arguments: [0, -1, 4_097, .max])
    func `of a dimension out of range is refused`(dimension: Int) {
        #expect(throws: IndexError.invalidConfiguration(.dimension(dimension))) {
            try VectorIndexConfiguration(dimension: dimension, metric: .dot)
        }
    }

    @Test func `in a configuration is refused`() {
        #expect(throws: IndexError.invalidConfiguration(.duplicateColumnName)) {
            try VectorIndexConfiguration(dimension: 1, metric: .dot, columns: [Self.columns[0], Self.columns[0]])
        }
        #expect(throws: IndexError.invalidConfiguration(.rowLimit(0))) {
            try VectorIndexConfiguration(dimension: 1, metric: .dot, rowLimit: 0)
        }
    }

    // Computed: the leak sanitizer does not find a filter's box again in a global, behind the bits of its case.
    static var badRequests: [(SearchRequest, IndexError)] {
        [
            (SearchRequest(vector: [1]), .invalidQuery(.dimension(expectedCount: 2, foundCount: 1))),
            (SearchRequest(vector: []), .invalidQuery(.dimension(expectedCount: 2, foundCount: 0))),
            (SearchRequest(vector: [1, .nan]), .invalidQuery(.notFinite(componentIndex: 1))),
            (SearchRequest(vector: [-.infinity, 1]), .invalidQuery(.notFinite(componentIndex: 0))),
            (SearchRequest(vector: [0, -0.0]), .invalidQuery(.zero)),
            (SearchRequest(vector: [1, 1], resultLimit: 0), .resultLimitOutOfRange(0)),
            (SearchRequest(vector: [1, 1], resultLimit: 11_001), .resultLimitOutOfRange(11_001)),
            (SearchRequest(vector: [1, 1], minimumScore: .nan), .minimumScoreNotANumber),
            (SearchRequest(vector: [1, 1], filter: .exists(field: "x")), .invalidFilter(.unknownField("x"))),
        ]
    }

    @Test(arguments: badRequests)
    func `in a query is refused`(request: SearchRequest, error: IndexError) throws {
        let index = try makeIndex(dimension: 2)
        #expect(throws: error) { try index.search(request) }
        #expect(throws: error) { try index.validate(request) }
        #expect(index.search(batch: [request]) == [.failure(error)])
    }

    @Test func `of vectors too long for float products is refused where products are taken`() throws {
        for metric in [Metric.dot, .euclidean] {
            let index = try makeIndex(dimension: 2, metric: metric)
            #expect(throws: IndexError.invalidQuery(.tooLong)) { try index.search(SearchRequest(vector: [1e19, 0])) }
            #expect(throws: IndexError.invalidVector(rowIndex: 0, .tooLong)) {
                try index.apply(makeUpserts([(1, [0, -3e38])]))
            }
        }
    }

    @Test func `in a batch is refused and changes nothing`() throws {
        let index = try makeIndex(dimension: 2, columns: Self.columns)
        try index.apply(makeBatch())
        let before = index.statistics
        for (change, error) in Self.faults {
            var batch = makeBatch()
            change(&batch)
            #expect(throws: error) { try index.apply(batch) }
            #expect(index.statistics == before)
        }
    }

    /// A delete, then two upserts.
    private func makeBatch() -> RowBatch {
        RowBatch(
            ids: [9, 1, 2], kinds: [.delete, .upsert, .upsert], vectors: [1, 0, 0, 1],
            columns: [
                ColumnBatch(counts: [1, 0], values: .numbers([1]))!,
                ColumnBatch(counts: [2, 1], values: .strings(["a", "b", "c"]))!,
                ColumnBatch(counts: [0, 1], values: .timestamps([5]))!,
            ])
    }

    private static let faults: [(change: @Sendable (inout RowBatch) -> Void, error: IndexError)] = [
        ({ $0.kinds.removeLast() }, .malformedBatch(.kindCount(expectedCount: 3, foundCount: 2))),
        ({ $0.vectors.removeLast() }, .malformedBatch(.vectorFloatCount(expectedCount: 4, foundCount: 3))),
        ({ $0.vectors[2] = .infinity }, .invalidVector(rowIndex: 2, .notFinite(componentIndex: 0))),
        ({ $0.vectors[0] = 0 }, .invalidVector(rowIndex: 1, .zero)),
        ({ $0.columns.removeLast() }, .malformedBatch(.columnCount(expectedCount: 3, foundCount: 2))),
        (
            { $0.columns[0] = ColumnBatch(counts: [0, 0], values: .booleans([]))! },
            .malformedBatch(.columnType(columnIndex: 0, expected: .number, found: .boolean))
        ),
        (
            { $0.columns[1] = ColumnBatch(counts: [1], values: .strings([""]))! },
            .malformedBatch(.columnRowCount(columnIndex: 1, expectedCount: 2, foundCount: 1))
        ),
        (
            { $0.columns[0] = ColumnBatch(counts: [0, 2], values: .numbers([1, 2]))! },
            .malformedBatch(.valueCount(columnIndex: 0, upsertIndex: 1, foundCount: 2, limitCount: 1))
        ),
        (
            { batch in
                let many = Array(repeating: "x", count: 65_536)
                batch.columns[1] = ColumnBatch(counts: [65_536, 0], values: .strings(many))!
            },
            .malformedBatch(.valueCount(columnIndex: 1, upsertIndex: 0, foundCount: 65_536, limitCount: 65_535))
        ),
        (
            { $0.columns[0] = ColumnBatch(counts: [1, 1], values: .numbers([1, .nan]))! },
            .malformedBatch(.value(columnIndex: 0, valueIndex: 1))
        ),
        (
            { $0.columns[2] = ColumnBatch(counts: [1, 0], values: .timestamps([.min]))! },
            .malformedBatch(.value(columnIndex: 2, valueIndex: 0))
        ),
    ]

    @Test func `of more rows than the limit is refused, replacements are not`() throws {
        let index = try makeIndex(dimension: 1, metric: .dot, rowLimit: 3)
        try index.apply(makeUpserts([(1, [1]), (2, [2]), (3, [3])]))
        #expect(throws: IndexError.full(rowLimit: 3)) { try index.apply(makeUpserts([(4, [4])])) }
        try index.apply(makeUpserts([(1, [5]), (3, [6])]))
        try index.apply(makeDeletes([2]))
        try index.apply(makeUpserts([(4, [4])]))
        #expect(index.statistics.liveRowCount == 3)
    }

    @Test(arguments: Metric.allCases)
    func `of extreme size gives finite scores in order`(metric: Metric) throws {
        let index = try makeIndex(dimension: 3, metric: metric)
        let sizes: [Float] = [.leastNonzeroMagnitude, 1e-38, 1e-30, 1e-20, 1, 1e10, 6e17]
        try index.apply(makeUpserts(sizes.enumerated().map { (UInt64($0), [$1, -$1 / 3, $1 / 300]) }))
        for size in sizes {
            let result = try index.search(SearchRequest(vector: [size, size, -size / 7]))
            #expect(result.ids.count == sizes.count)
            #expect(result.scores.allSatisfy { $0.isFinite })
            #expect(zip(result.scores, result.scores.dropFirst()).allSatisfy { $0 >= $1 })
        }
    }
}
