import Testing

@testable import RecordSchema

@Suite("Filters from requests") struct FilterParsingTests {
    private static let columns = [
        FilterColumn(name: "source", type: .string), FilterColumn(name: "salary", type: .number),
        FilterColumn(name: "posted", type: .timestamp), FilterColumn(name: "open", type: .boolean),
        FilterColumn(name: "tags", type: .string, isArray: true),
    ]
    private static let fieldList = "fields that can be: source, salary, posted, open, tags"

    @Test(
        arguments: [
            ("{}", .all([])), (#"{"source":"x"}"#, .compare(field: "source", .equal, .string("x"))),
            (#"{"source":null}"#, .not(.exists(field: "source"))),
            (#"{"source":{"eq":null}}"#, .not(.exists(field: "source"))),
            (#"{"source":{"ne":null}}"#, .exists(field: "source")),
            (#"{"source":{"ne":"x"}}"#, .not(.compare(field: "source", .equal, .string("x")))),
            (#"{"source":{"in":["a","b"]}}"#, .isIn(field: "source", [.string("a"), .string("b")])),
            (#"{"source":{"nin":[]}}"#, .not(.isIn(field: "source", []))),
            (
                #"{"salary":{"gte":1,"lt":"2.5"}}"#,
                .all([
                    .compare(field: "salary", .greaterThanOrEqual, .number(1)),
                    .compare(field: "salary", .lessThan, .number(2.5)),
                ])
            ),
            (
                #"{"posted":{"gt":"1970-01-01","lte":1}}"#,
                .all([
                    .compare(field: "posted", .greaterThan, .timestamp(0)),
                    .compare(field: "posted", .lessThanOrEqual, .timestamp(1_000_000)),
                ])
            ),
            (
                #"{"open":"yes","tags":{"exists":false}}"#,
                .all([
                    .compare(field: "open", .equal, .boolean(true)), .not(.exists(field: "tags")),
                ])
            ),
            (
                #"{"any":[{"source":"a"},{"all":[{"open":true}]}],"not":{"salary":1}}"#,
                .all([
                    .any([
                        .compare(field: "source", .equal, .string("a")),
                        .all([.compare(field: "open", .equal, .boolean(true))]),
                    ]),
                    .not(.compare(field: "salary", .equal, .number(1))),
                ])
            ),
            (#"{"any":[]}"#, .any([])),
        ] as [(String, Filter)])
    func `mean what they say`(source: String, expected: Filter) throws {
        var issues: [ValidationIssue] = []
        let filter = Filter.parse(
            try JSON(parsing: Array(source.utf8)), columns: Self.columns, at: ["body", "filter"], into: &issues)
        #expect(issues == [])
        #expect(filter == expected)
    }

    @Test(arguments: [
        ("[]", #"["body","filter"] Input should be a valid dictionary"#),
        (#"{"sauce":1}"#, #"["body","filter","sauce"] Value error, sauce cannot be filtered on; "# + fieldList),
        (
            #"{"salary":{"gte":"x"}}"#,
            #"["body","filter","salary","gte"] Input should be a valid number, unable to parse string as a number"#
        ),
        (#"{"salary":{"gt":null}}"#, #"["body","filter","salary","gt"] Input should be a valid number"#),
        (#"{"salary":NaN}"#, #"["body","filter","salary"] Input should be a finite number"#),
        (
            #"{"salary":{"over":1}}"#,
            #"["body","filter","salary","over"] Value error, over is no operator; operators are eq, ne, in, nin, gt, gte, lt, lte, exists"#
        ),
        (
            #"{"salary":{}}"#,
            #"["body","filter","salary"] Value error, an operator is missing; operators are eq, ne, in, nin, gt, gte, lt, lte, exists"#
        ),
        (#"{"salary":{"in":1}}"#, #"["body","filter","salary","in"] Input should be a valid list"#),
        (#"{"salary":{"in":[1,[]]}}"#, #"["body","filter","salary","in",1] Input should be a valid number"#),
        (#"{"source":["a"]}"#, #"["body","filter","source"] Input should be a valid string"#),
        (#"{"any":{"source":"a"}}"#, #"["body","filter","any"] Input should be a valid list"#),
        (
            #"{"any":[{"open":3}]}"#,
            #"["body","filter","any",0,"open"] Input should be a valid boolean, unable to interpret input"#
        ),
        (
            #"{"posted":"soon"}"#,
            #"["body","filter","posted"] Input should be a valid datetime or date, input is too short"#
        ),
    ])
    func `that are wrong are told where`(source: String, expected: String) throws {
        var issues: [ValidationIssue] = []
        let filter = Filter.parse(
            try JSON(parsing: Array(source.utf8)), columns: Self.columns, at: ["body", "filter"], into: &issues)
        #expect(filter == nil)
        #expect(issues.map { "\(text(.array($0.loc.map(\.json)))) \($0.message)" } == [expected])
    }

    @Test(arguments: [
        (
            #"{"source":{"in":[\#(Array(repeating: "\"a\"", count: 10_001).joined(separator: ","))]}}"#,
            "a filter may have at most 10000 values"
        ),
        (
            #"{"any":[\#(Array(repeating: "{}", count: 1_000).joined(separator: ","))]}"#,
            "a filter may have at most 1000 conditions"
        ),
        (
            String(repeating: #"{"not":"#, count: 32) + #"{"open":true}"# + String(repeating: "}", count: 32),
            "a filter may be at most 32 levels deep"
        ),
    ])
    func `have limits`(source: String, message: String) throws {
        var issues: [ValidationIssue] = []
        _ = Filter.parse(try JSON(parsing: Array(source.utf8)), columns: Self.columns, at: ["body"], into: &issues)
        #expect(issues.map(\.message) == ["Value error, " + message])
    }

    @Test(
        arguments: [
            ([], .all([])), ([("source", "x")], .compare(field: "source", .equal, .string("x"))),
            ([("source", "x"), ("source", "y,z")], .isIn(field: "source", [.string("x"), .string("y,z")])),
            (
                [("salary.gte", "100000"), ("open", "on")],
                .all([
                    .compare(field: "salary", .greaterThanOrEqual, .number(100_000)),
                    .compare(field: "open", .equal, .boolean(true)),
                ])
            ),
            ([("source.in", "a,b")], .isIn(field: "source", [.string("a"), .string("b")])),
            ([("tags.nin", "")], .not(.isIn(field: "tags", [.string("")]))),
            ([("salary.exists", "false")], .not(.exists(field: "salary"))),
            (
                [("posted.lt", "2000-01-01T00:00:00+01:00")],
                .compare(field: "posted", .lessThan, .timestamp(946_681_200_000_000))
            ),
        ] as [([(String, String)], Filter)])
    func `may be query parameters`(items: [(String, String)], expected: Filter) {
        var issues: [ValidationIssue] = []
        let filter = Filter.parse(
            queryItems: items.map { (name: $0.0, value: $0.1) }, columns: Self.columns, into: &issues)
        #expect(issues == [])
        #expect(filter == expected)
    }

    @Test(arguments: [
        (
            "sauce", "1",
            #"["query","sauce"] Value error, sauce is no parameter and no field to filter on; "# + fieldList
        ),
        ("salary", "x", #"["query","salary"] Input should be a valid number, unable to parse string as a number"#),
        (
            "salary.over", "1",
            #"["query","salary.over"] Value error, over is no operator; operators are eq, ne, in, nin, gt, gte, lt, lte, exists"#
        ),
        (
            "salary.in", "1,x",
            #"["query","salary.in",1] Input should be a valid number, unable to parse string as a number"#
        ),
        (
            "open.exists", "maybe",
            #"["query","open.exists"] Input should be a valid boolean, unable to interpret input"#
        ),
    ])
    func `in query parameters that are wrong are told where`(name: String, value: String, expected: String) {
        var issues: [ValidationIssue] = []
        #expect(Filter.parse(queryItems: [(name, value)], columns: Self.columns, into: &issues) == nil)
        #expect(issues.map { "\(text(.array($0.loc.map(\.json)))) \($0.message)" } == [expected])
    }

    @Test(arguments: [
        (#"{"source":"a"}"#, true), (#"{"source":"b"}"#, false), (#"{"source":{"ne":"b"}}"#, true),
        (#"{"salary":{"ne":1}}"#, true),
        (#"{"salary":{"gt":0}}"#, false), (#"{"salary":null}"#, true), (#"{"tags":"x"}"#, true),
        (#"{"tags":"y"}"#, true), (#"{"tags":"z"}"#, false),
        (#"{"tags":{"ne":"x"}}"#, false), (#"{"tags":{"in":["q","y"]}}"#, true), (#"{"tags":{"nin":["q"]}}"#, true),
        (#"{"tags":{"gt":"x"}}"#, true),
        (#"{"source":{"gte":"a","lt":"b"}}"#, true), (#"{"source":{"lt":"A"}}"#, false),
        (#"{"open":{"lt":true}}"#, true), (#"{"not":{}}"#, false),
        (#"{"any":[]}"#, false), (#"{"any":[{"source":"b"},{"open":false}]}"#, true), (#"{"posted":{"lte":5}}"#, true),
        (#"{"posted":{"lt":5}}"#, false),
    ])
    func `pass a record or not`(source: String, passes: Bool) throws {
        var issues: [ValidationIssue] = []
        let filter = try #require(
            Filter.parse(JSON(parsing: Array(source.utf8)), columns: Self.columns, at: [], into: &issues))
        let values: [[FilterValue]] = [
            [.string("a")], [], [.timestamp(5_000_000)], [.boolean(false)], [.string("x"), .string("y")],
        ]
        #expect(filter.matches(values, columns: Self.columns) == passes)
    }
}
