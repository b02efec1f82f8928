import Testing

@testable import RecordSchema

@Suite("Records") struct RecordTests {
    private let now: Int64 = 1_700_000_000_000_000

    private func validate(
        _ body: String, _ definition: CollectionDefinition
    ) throws -> Result<ValidRecord, ValidationFailure> {
        definition.validate(try JSON(parsing: Array(body.utf8)), now: now)
    }

    private func issues(_ body: String, _ definition: CollectionDefinition) throws -> [String] {
        switch try validate(body, definition) {
        case .failure(.invalid(let issues)): issues.map { text($0.json) }
        case .failure(.dataQuality(let message, let field)): ["\(message) \(field ?? "-")"]
        case .success: []
        }
    }

    @Test func `carry all that the store and the index need`() throws {
        let record = try validate(
            #"""
            {"url": "https://x.example/1", "source": "linkedin", "title": "  Cook ", "company": "Acme", "location": "",
             "salary_min": 5, "posted_at": "2024-01-15T10:30:00.5+03:00", "other": 1}
            """#, Collections.jobs()
        ).get()
        #expect(
            String(decoding: record.body, as: UTF8.self)
                == #"{"title":"Cook","company":"Acme","description":null,"location":"","salary_min":5.0,"salary_max":null,"#
                + #""source":"linkedin","posted_at":"2024-01-15T07:30:00.500000Z","url":"https://x.example/1"}"#)
        #expect(record.embeddingText == "Cook Acme")
        #expect(record.key == #"["linkedin","https://x.example/1"]"#)
        #expect(record.vector == nil)
        #expect(
            record.filterValues == [
                [.string("Acme")], [.string("")], [.number(5)], [], [.string("linkedin")],
                [.timestamp(1_705_303_800_500_000)],
            ])
    }

    @Test func `that are stored are valid again and the same`() throws {
        let jobs = try Collections.jobs()
        var generator = SeededGenerator(seed: 8)
        var count = 0
        for _ in 0..<2_000 {
            guard let record = try? validate(BodyTexts.job(using: &generator), jobs).get() else { continue }
            count += 1
            // Trimming may leave a title that is too short for a body of its own.
            guard record.fields["title"]?.stringValue.map({ $0.unicodeScalars.count >= 2 }) == true else { continue }
            #expect(try jobs.validate(JSON(parsing: record.body), now: now).get() == record)
        }
        #expect(count > 100)
    }

    @Test func `whose trimmed title is too short now still give their key and filter values`() throws {
        let jobs = try Collections.jobs()
        let record = try validate(#"{"title":"   ","company":"c","source":"linkedin","url":"u"}"#, jobs).get()
        #expect(record.fields["title"] == "")
        #expect(jobs.key(of: record.fields) == #"["linkedin","u"]"#)
        #expect(jobs.filterValues(of: record.fields) == record.filterValues)
        // Stored when the columns were of other types.
        #expect(jobs.filterValues(of: ["company": 5, "posted_at": [], "salary_min": "5"]) == [[], [], [], [], [], []])
    }

    @Test func `without a part of the key have none`() throws {
        let record = try validate(#"{"title":"ab","company":"c","source":"linkedin"}"#, Collections.jobs()).get()
        #expect(record.key == nil)
    }

    @Test func `that break a rule get its message`() throws {
        #expect(
            try issues(
                #"{"title":"ab","company":"c","source":"linkedin","salary_min":2,"salary_max":1}"#, Collections.jobs())
                == [
                    #"{"type":"value_error","loc":["body"],"msg":"Value error, salary_min must be <= salary_max","#
                        + #""input":{"title":"ab","company":"c","source":"linkedin","salary_min":2,"salary_max":1},"#
                        + #""ctx":{"error":{}}}"#
                ])
    }

    @Test func `of events may not be of the future`() throws {
        let events = try Collections.events()
        #expect(try issues(#"{"type":"a","timestamp":1700000000,"payload":{}}"#, events) == [])
        #expect(
            try issues(#"{"type":"a","timestamp":"2023-11-14T22:13:20.000001Z","payload":{}}"#, events)
                == ["timestamp must not be in the future timestamp"])
    }

    @Test func `are judged where they stand in a batch`() throws {
        let jobs = try Collections.jobs()
        for (body, issue) in [
            (
                JSON.null,
                #"{"type":"model_attributes_type","loc":["body",7],"msg":"Input should be a valid dictionary or object to extract fields from","input":null}"#
            ),
            (
                .object(["title": "ab", "company": "c"]),
                #"{"type":"missing","loc":["body",7,"source"],"msg":"Field required","input":{"title":"ab","company":"c"}}"#
            ),
        ] {
            #expect(
                jobs.validate(body, now: now, at: ["body", 7]).mapError { failure in
                    if case .invalid(let issues) = failure {
                        TextFailure(text: issues.map { text($0.json) })
                    } else {
                        TextFailure(text: [])
                    }
                }.failure?.text == [issue])
        }
    }

    @Test func `list at most a thousand issues`() throws {
        let body =
            #"{"time":0,"integer":0,"nothing":null,"numbers":[\#(Array(repeating: "[]", count: 3_000).joined(separator: ","))]}"#
        #expect(try issues(body, Collections.wide()).count == 1_000)
    }

    // MARK: - Vectors

    private func vectors(metric: String = "cosine") throws -> CollectionDefinition {
        try CollectionDefinition(
            source: """
                properties: { name: { type: string } }
                additionalProperties: false
                x-kazi: { vector: { dimension: 3, metric: \(metric) } }
                """, fileName: "vectors.yaml")
    }

    @Test func `bring their vector`() throws {
        let record = try validate(#"{"vector":[1,"2.5",true],"name":"x"}"#, vectors()).get()
        #expect(record.vector == [1, 2.5, 1])
        #expect(String(decoding: record.body, as: UTF8.self) == #"{"name":"x"}"#)
        #expect(record.embeddingText == nil)
    }

    @Test(arguments: [
        (#"{}"#, #"["body","vector"] missing"#), (#"{"vector":null}"#, #"["body","vector"] list_type"#),
        (#"{"vector":[1,2]}"#, #"["body","vector"] too_short"#),
        (#"{"vector":[1,2,3,4]}"#, #"["body","vector"] too_long"#),
        (#"{"vector":[1,"x",3]}"#, #"["body","vector",1] float_parsing"#),
        (#"{"vector":[1,NaN,3]}"#, #"["body","vector",1] finite_number"#),
        (#"{"vector":[1,2,1e39]}"#, #"["body","vector",2] finite_number"#),
        (#"{"vector":[0,0.0,-0.0]}"#, #"["body","vector"] value_error"#),
        (#"{"vector":[1e-60,0,0]}"#, #"["body","vector"] value_error"#),
        (#"{"vector":[1,2,3],"b":1}"#, #"["body","b"] extra_forbidden"#),
    ])
    func `with a wrong vector are told where`(body: String, expected: String) throws {
        guard case .failure(.invalid(let issues)) = try validate(body, vectors()) else {
            Issue.record("valid")
            return
        }
        #expect(issues.map { "\(text(.array($0.loc.map(\.json)))) \($0.type)" } == [expected])
    }

    @Test func `may bring zeros where the metric is no cosine`() throws {
        #expect(try validate(#"{"vector":[0,0,0]}"#, vectors(metric: "dot")).get().vector == [0, 0, 0])
    }

    // MARK: - What is embedded

    @Test func `embed what is there, joined by spaces`() throws {
        let definition = try CollectionDefinition(
            source: """
                properties:
                  name: { type: string }
                  tags: { type: array, items: { type: string } }
                  price: { type: number }
                  count: { type: integer }
                x-kazi: { embed: [tags, name, price, count] }
                """, fileName: "things.yaml")
        let cases = [
            (#"{"name":"a","tags":["x","","y z"],"price":50000,"count":7}"#, "x y z a 50000 7"),
            (#"{"price":0.5}"#, "0.5"), ("{}", ""), (#"{"tags":[]}"#, ""), (#"{"price":1e300}"#, "1e+300"),
        ]
        for (body, expected) in cases { #expect(try validate(body, definition).get().embeddingText == expected) }
    }
}

private struct TextFailure: Error {
    var text: [String]
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
