import Testing

@testable import RecordSchema

@Suite("Rules") struct RuleTests {
    private static let fields = [
        Field(name: "a", type: .nullable(.number), isRequired: false),
        Field(name: "b", type: .nullable(.integer), isRequired: false),
        Field(name: "s", type: .nullable(.string), isRequired: false),
        Field(name: "t", type: .nullable(.dateTime), isRequired: false),
        Field(name: "d", type: .nullable(.date), isRequired: false),
        Field(name: "f", type: .nullable(.boolean), isRequired: false),
    ]

    @Test(
        arguments: [
            ("a <= b", #"{"a":1.0,"b":1}"#, true), ("a < b", #"{"a":1.0,"b":1}"#, false),
            ("a < b", #"{"a":1.0}"#, true),
            ("a < b", #"{"a":null,"b":1}"#, true), ("not a < b", #"{"a":2.0}"#, true),
            ("not a < b", #"{"a":0.5,"b":1}"#, false),
            ("a > 0 and b > 0", #"{"a":1.0,"b":0}"#, false), ("a > 0 and b > 0", #"{"b":0}"#, false),
            ("a > 0 and b > 0", #"{"a":1.0}"#, true),
            ("a > 0 or b > 0", #"{"a":0.0,"b":1}"#, true), ("a > 0 or b > 0", #"{"a":0.0}"#, true),
            ("a > 0 or b > 0", #"{"a":0.0,"b":0}"#, false),
            ("a > 0 or b > 0 and a < 0", #"{"a":1.0,"b":0}"#, true),
            ("(a > 0 or b > 0) and a < 0", #"{"a":1.0,"b":0}"#, false),
            ("s == null or a != null", #"{"s":"x"}"#, false), ("s == null or a != null", #"{"s":"x","a":1.0}"#, true),
            ("s == null or a != null", "{}", true), ("s != 'it\\'s'", #"{"s":"it's"}"#, false),
            (#"s >= "b""#, #"{"s":"a"}"#, false),
            ("s < 'é'", #"{"s":"z"}"#, true), ("f == true", #"{"f":false}"#, false), ("f", "{}", nil),
            ("t <= now", #"{"t":"1970-01-01T00:00:00Z"}"#, true),
            ("t <= now", #"{"t":"1970-01-01T00:00:00.000002Z"}"#, false),
            ("t > '2020-01-01'", #"{"t":"2020-01-01T00:00:00Z"}"#, false),
            ("d < t", #"{"d":"2020-01-01","t":"2020-01-01T00:00:01Z"}"#, true),
            ("d < now", #"{"d":"1970-01-01"}"#, true),
            ("b == 9007199254740993", #"{"b":9007199254740993}"#, true),
            ("a == b", #"{"a":9007199254740992.0,"b":9007199254740993}"#, false),
            ("b < 1.5", #"{"b":1}"#, true), ("b > -1.5", #"{"b":-2}"#, false), ("a < 1e400", "{}", nil),
            ("a <", "{}", nil), ("a < b)", "{}", nil),
            ("a < b < 1", "{}", nil), ("not", "{}", nil), ("s == 'x", "{}", nil), ("a & b", "{}", nil), ("", "{}", nil),
        ] as [(String, String, Bool?)])
    func `hold or not`(check: String, fields: String, holds: Bool?) throws {
        guard let holds else {
            #expect(throws: RuleError.self) { try RuleParser.parse(check, fields: Self.fields) }
            return
        }
        let expression = try RuleParser.parse(check, fields: Self.fields)
        let rule = Rule(check: check, message: "", failure: .valueError, field: nil, expression: expression)
        let record = try #require(try JSON(parsing: Array(fields.utf8)).objectValue)
        #expect(rule.holds(for: record, now: 1) == holds)
    }

    @Test func `end at the first that is broken, with its field`() throws {
        let definition = try CollectionDefinition(
            source: """
                properties: { a: { type: integer }, b: { type: integer } }
                x-kazi:
                  rules:
                    - { check: a > 0, message: first, field: a }
                    - { check: b > 0, message: second }
                """, fileName: "x.yaml")
        guard case .failure(.invalid(let issues)) = definition.validate(.object(["a": 0, "b": 0]), now: 0) else {
            Issue.record("valid")
            return
        }
        #expect(
            issues.map { text($0.json) } == [
                #"{"type":"value_error","loc":["body","a"],"msg":"Value error, first","input":0,"ctx":{"error":{}}}"#
            ])
    }

    @Test func `nested without end are refused`() {
        for check in [String(repeating: "(", count: 10_000), String(repeating: "not ", count: 10_000) + "a < 1"] {
            #expect(throws: RuleError.self) { try RuleParser.parse(check, fields: Self.fields) }
        }
    }
}
