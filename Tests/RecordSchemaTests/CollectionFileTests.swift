import Foundation
import Testing

@testable import RecordSchema

@Suite("Collection files") struct CollectionFileTests {
    @Test func `of jobs say what the contract shows`() throws {
        let jobs = try Collections.jobs()
        #expect(jobs.name == "jobs")
        #expect(
            jobs.fields.map(\.name) == [
                "title", "company", "description", "location", "salary_min", "salary_max", "source", "posted_at", "url",
            ])
        #expect(jobs.fields.filter(\.isRequired).map(\.name) == ["title", "company", "source"])
        #expect(jobs.embeddingSource == .text(fields: ["title", "company", "location", "description"]))
        #expect(
            jobs.columns == [
                FilterColumn(name: "company", type: .string), FilterColumn(name: "location", type: .string),
                FilterColumn(name: "salary_min", type: .number), FilterColumn(name: "salary_max", type: .number),
                FilterColumn(name: "source", type: .string), FilterColumn(name: "posted_at", type: .timestamp),
            ])
        #expect(jobs.keyFields == ["source", "url"])
        #expect(jobs.trimmedFields == ["title"])
        #expect(
            jobs.schema["properties"]?.objectValue?["title"]
                == .object(["type": "string", "minLength": 2, "maxLength": 200]))
    }

    @Test func `are all loaded from a folder, by name`() throws {
        #expect(try CollectionDefinition.loadAll(directory: Collections.shipped).map(\.name) == ["events", "jobs"])
    }

    @Test func `that are wrong are all named at once`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kazi-collections-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "properties: { a: { type: text } }".write(
            to: folder.appending(path: "one.yaml"), atomically: true, encoding: .utf8)
        try "properties: [".write(to: folder.appending(path: "two.yaml"), atomically: true, encoding: .utf8)
        try Data([0xFF]).write(to: folder.appending(path: "three.yml"))
        try "ignored".write(to: folder.appending(path: "notes.txt"), atomically: true, encoding: .utf8)
        #expect {
            try CollectionDefinition.loadAll(directory: folder.path)
        } throws: { error in
            (error as? CollectionFileError)?.problems.map(\.file) == ["one.yaml", "three.yml", "two.yaml"]
        }
    }

    @Test func `that are not there are a clear error`() {
        #expect { try CollectionDefinition.load(path: "/nowhere/jobs.yaml") } throws: {
            "\($0)".hasPrefix("jobs.yaml: cannot be read: ")
        }
    }

    @Test(arguments: [
        ("title: { minLenght: 2 }", "x.yaml:2: properties.title.minLenght: unknown keyword; did you mean minLength?"),
        (
            "a: { format: uuid, type: string }",
            "x.yaml:2: properties.a.format: uuid is not supported; formats are date-time and date"
        ),
        ("a: { type: string, minimum: 1 }", "x.yaml:2: properties.a.minimum: does not apply to type string"),
        ("a: { minimum: 1 }", "x.yaml:2: properties.a.minimum: does not apply to a property without a type"),
        (
            "a: { type: [string, integer] }",
            "x.yaml:2: properties.a.type: more than one type; one type, or one and null, is supported"
        ),
        (
            "a: { type: integer, minimum: 1.5 }",
            "x.yaml:2: properties.a.minimum: must be an integer, not the number 1.5"
        ),
        ("a: { type: string, minLength: -1 }", "x.yaml:2: properties.a.minLength: must not be negative"),
        ("a: { type: string, minLength: 3, maxLength: 2 }", "x.yaml:2: properties.a: minLength is more than maxLength"),
        ("a: { type: string, pattern: '(a' }", "x.yaml:2: properties.a.pattern: at character 1: no ) for this ("),
        ("a: { type: string, enum: [] }", "x.yaml:2: properties.a.enum: must not be empty"),
        ("a: { type: string, enum: [a, a] }", "x.yaml:2: properties.a.enum: 'a' is there twice"),
        ("a: { type: string, enum: [a, 1] }", "x.yaml:2: properties.a.enum: 1 is not of the property's type"),
        ("a: { enum: [a, 1] }", "x.yaml:2: properties.a.enum: must be all strings, all integers or all numbers"),
        ("a: { type: string, enum: [a], minLength: 1 }", "x.yaml:2: properties.a.minLength: has no use beside enum"),
        (
            "a: { type: integer, default: x }",
            "x.yaml:2: properties.a.default: is not valid itself: Input should be a valid integer, unable to parse string as an integer"
        ),
        ("a: { type: number, multipleOf: 0 }", "x.yaml:2: properties.a.multipleOf: must be more than 0"),
        (
            "a: { type: object, additionalProperties: true, properties: {} }",
            "x.yaml:2: properties.a.additionalProperties: true is not supported: without it unknown fields are dropped, false refuses them"
        ),
        (
            "a: { type: object, properties: { b: { type: srting } } }",
            "x.yaml:2: properties.a.properties.b.type: srting is no type; types are string, number, integer, boolean, object, array and null"
        ),
        ("id: { type: integer }", "x.yaml:2: properties.id: id is a name that the system uses itself"),
        (
            "a-b: { type: integer }",
            "x.yaml:2: properties.a-b: a field's name is a letter or _, then letters, digits and _, at most 63 in all"
        ),
        ("a: 5", "x.yaml:2: properties.a: must be a mapping, not the number 5"),
        ("a: { type: string, a: 1, a: 2 }", "x.yaml:2: more than once in one mapping: a"),
    ])
    func `name the line, the place and the fault of a property`(property: String, problem: String) {
        let source = "properties:\n  \(property)\n"
        #expect { try CollectionDefinition(source: source, fileName: "x.yaml") } throws: { "\($0)" == problem }
    }

    @Test(arguments: [
        ("trim: [age]", "trim: age is not a string without a format or enum"),
        ("embed: [nmae]", "embed: nmae is none of the properties; did you mean name?"),
        ("embed: [when]", "embed: when is not a string, a number or an array of strings"),
        ("embed: []", "embed: must name at least one field"),
        ("embed: name", "embed: must be a list, not the string 'name'"),
        ("filter: [payload]", "filter: payload is not a string, a number, a boolean, a date, or an array of them"),
        ("filter: [limit]", "filter: limit cannot be filtered on: the API uses that word itself"),
        ("filter: [name, name]", "filter: name is there twice"),
        ("key: [tags]", "key: tags is not a string, a number or a boolean"),
        ("vector: { dimension: 0 }", "vector.dimension: must be 1 to 65536"),
        ("vector: { metric: dot }", "vector: dimension is missing"),
        (
            "vector: { dimension: 3, metric: manhattan }",
            "vector.metric: must be cosine, dot or euclidean, not manhattan"
        ),
        ("embd: [name]", "embd: unknown keyword; did you mean embed?"),
        ("rules: [{ check: age < }]", "rules[0].check: at character 6: a field or a value is missing at the end"),
        ("rules: [{ check: age < nmae }]", "rules[0].check: at character 7: nmae is none of the properties"),
        ("rules: [{ check: age = 1 }]", "rules[0].check: at character 5: = is not expected here; two of them compare"),
        ("rules: [{ check: age < 'x' }]", "rules[0].check: at character 5: the two sides are of different types"),
        ("rules: [{ check: when < 'soon' }]", "rules[0].check: at character 6: the two sides are of different types"),
        ("rules: [{ check: 1 < 2 }]", "rules[0].check: at character 3: neither side is a field"),
        ("rules: [{ check: age < null }]", "rules[0].check: at character 5: null is compared with == and != only"),
        (
            "rules: [{ check: tags == 'x' }]",
            "rules[0].check: at character 1: tags is of a type that cannot be compared"
        ),
        ("rules: [{ check: (age < 1 }]", "rules[0].check: at character 9: a ) is missing"),
        ("rules: [{ check: age < 1, error: fatal }]", "rules[0].error: must be value_error or data_quality"),
        (
            "rules: [{ check: age < 1, field: agee }]",
            "rules[0].field: agee is none of the properties; did you mean age?"
        ),
        ("rules: [{ message: x }]", "rules[0]: check is missing"),
    ])
    func `name the fault of the block`(line: String, problem: String) {
        let source = """
            properties: { name: { type: string }, age: { type: integer }, when: { type: string, format: date-time },
              tags: { type: array, items: { type: string } }, payload: { type: object }, limit: { type: integer } }
            x-kazi:
              \(line)
            """
        #expect { try CollectionDefinition(source: source, fileName: "x.yaml") } throws: {
            "\($0)" == "x.yaml:4: x-kazi.\(problem)"
        }
    }

    @Test func `list every fault in the order of lines`() {
        let source = """
            type: list
            properties:
              a: { type: string, minLenght: 1 }
              b: { type: sting }
            required: [c]
            x-kazi: { filters: [a], embed: [a], vector: { dimension: 2 } }
            """
        #expect { try CollectionDefinition(source: source, fileName: "Jobs.yaml") } throws: { error in
            (error as? CollectionFileError)?.problems.map { "\($0.line ?? 0) \($0.place)" } == [
                "1 ", "1 type", "3 properties.a.minLenght", "4 properties.b.type", "5 required", "6 x-kazi.filters",
                "6 x-kazi.vector",
            ]
        }
    }

    @Test(arguments: [
        "search.yaml", "export.yaml", "stats.yaml", "profile.yaml", "collections.yaml", "Jobs.yaml", "a b.yaml", "1a.yaml", ".yaml",
    ])
    func `have the name of a collection`(fileName: String) {
        #expect(throws: CollectionFileError.self) {
            try CollectionDefinition(source: "properties: { a: { type: string } }", fileName: fileName)
        }
    }

    @Test(arguments: [
        ("no", "'no'"), ("on", "'on'"), ("yes", "'yes'"), ("0123", "123"), ("0x1F", "31"), ("0o17", "15"),
        ("1e3", "1000.0"),
        ("'1'", "'1'"), ("!!str 1", "'1'"), ("true", "True"), ("~", "None"), (".5", "0.5"), ("1_000", "'1_000'"),
        ("2024-01-01", "'2024-01-01'"),
        ("12:30", "'12:30'"), ("99999999999999999999", "1e+20"), ("-7", "-7"), ("+7", "7"), (".", "'.'"),
        ("e3", "'e3'"),
    ])
    func `are read as YAML 1.2, where no is a word`(scalar: String, value: String) throws {
        let node = try FileNode.parse("a: \(scalar)", file: "x.yaml")
        let member = try #require(node.json.objectValue?["a"])
        #expect(PythonText.repr(member) == value)
    }

    @Test func `whose aliases would fill any memory are refused`() {
        var source = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            source += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
        }
        #expect { try CollectionDefinition(source: source, fileName: "x.yaml") } throws: {
            "\($0)".hasSuffix("more than 100000 values")
        }
    }
}
