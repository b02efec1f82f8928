import RecordSchema
import Testing

@Suite("Filter validation") struct FilterValidationTests {
    static let columns = [
        FilterColumn(name: "salary", type: .number), FilterColumn(name: "tags", type: .string, isArray: true),
    ]

    @Test(arguments: [
        (Filter.exists(field: "pay"), FilterError.unknownField("pay")),
        (.compare(field: "", .equal, .string("x")), .unknownField("")),
        (.not(.any([.all([]), .isIn(field: "tag", [])])), .unknownField("tag")),
        (
            .compare(field: "salary", .lessThan, .string("9")),
            .wrongValueType(field: "salary", expected: .number, found: .string)
        ),
        (
            .isIn(field: "tags", [.string("a"), .boolean(true)]),
            .wrongValueType(field: "tags", expected: .string, found: .boolean)
        ),
        (.isIn(field: "salary", [.number(1), .number(.nan)]), .notANumber(field: "salary")),
    ])
    func `names what is wrong`(filter: Filter, error: FilterError) {
        #expect(throws: error) { try filter.validate(columns: Self.columns) }
    }

    @Test func `lets filters at the limits through and no larger ones`() throws {
        func nested(_ depth: Int) -> Filter {
            (1 ..< depth).reduce(.exists(field: "tags")) { filter, _ in .not(filter) }
        }
        try nested(32).validate(columns: Self.columns)
        for depth in [33, 1_000] {
            #expect(throws: FilterError.tooDeep(limitDepth: 32)) { try nested(depth).validate(columns: Self.columns) }
        }
        func wide(_ nodeCount: Int) -> Filter {
            .any(Array(repeating: .exists(field: "tags"), count: nodeCount - 1))
        }
        try wide(1_000).validate(columns: Self.columns)
        #expect(throws: FilterError.tooManyNodes(limitCount: 1_000)) {
            try wide(1_001).validate(columns: Self.columns)
        }
        func long(_ valueCount: Int) -> Filter {
            .all([
                .isIn(field: "salary", Array(repeating: .number(1), count: valueCount - 1)),
                .compare(field: "salary", .equal, .number(2)),
            ])
        }
        try long(10_000).validate(columns: Self.columns)
        #expect(throws: FilterError.tooManyValues(limitCount: 10_000)) {
            try long(10_001).validate(columns: Self.columns)
        }
    }
}
