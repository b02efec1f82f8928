import Testing

@testable import kazi

@Suite("JSON files") struct JSONFileTests {
    private func lines(_ text: String, cut: Int, _ parser: any RecordParser) throws -> [ParsedLine] {
        var parser = parser
        var lines: [ParsedLine] = []
        let bytes = Array(text.utf8)
        try parser.consume(bytes[..<cut], into: &lines)
        try parser.consume(bytes[cut...], into: &lines)
        try parser.finish(into: &lines)
        return lines
    }

    private func record(_ lineNumber: Int, _ json: String) -> ParsedLine {
        .record(lineNumber: lineNumber, json: Array(json.utf8))
    }

    @Test func `NDJSON lines go out as they came in, wherever the chunks end`() throws {
        let text = "{\"a\": 1.50}\r\n\n  \t\n{\"half\n  [1]\n\"é\""
        for cut in 0...text.utf8.count {
            #expect(
                try lines(text, cut: cut, NDJSONParser()) == [
                    record(1, "{\"a\": 1.50}"), record(4, "{\"half"), record(5, "  [1]"), record(6, "\"é\""),
                ])
        }
    }

    @Test func `a line that is too long costs only itself`() throws {
        var parser = NDJSONParser()
        var lines: [ParsedLine] = []
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<20 { parser.consume(chunk[...], into: &lines) }
        parser.consume(Array("\n{}\n".utf8)[...], into: &lines)
        parser.finish(into: &lines)
        guard lines.count == 2, case .refused(1, _, let input) = lines[0] else { Issue.record("\(lines.count) lines"); return }
        #expect(input.count == 200)
        #expect(lines[1] == record(2, "{}"))
    }

    @Test(arguments: [
        ("[]", []), (" [ ] \n", []), ("[{}]", [(1, "{}")]),
        ("[{\"a\":\n\"]\\\"}\"},\n 12 ,\"s\",null,[[1],2]]", [(1, "{\"a\":\t\"]\\\"}\"}"), (3, "12"), (3, "\"s\""), (3, "null"), (3, "[[1],2]")]),
        ("{\"a\":1}\n{\n\"b\":2}{} 7", [(1, "{\"a\":1}"), (2, "{\t\"b\":2}"), (3, "{}"), (3, "7")]), ("", []),
    ] as [(String, [(Int, String)])])
    func `values are cut out of arrays and streams, wherever the chunks end`(text: String, expected: [(Int, String)]) throws {
        for cut in 0...text.utf8.count {
            #expect(try lines(text, cut: cut, JSONStreamParser()) == expected.map { record($0.0, $0.1) }, "cut at \(cut)")
        }
    }

    @Test(arguments: [
        ("[{}", .endsInsideRecord(lineNumber: 1)), ("[1,\n{\"a\"", .endsInsideRecord(lineNumber: 2)),
        ("[1,]", .valueExpected(lineNumber: 1)), ("[,1]", .valueExpected(lineNumber: 1)), ("[1,\n,2]", .valueExpected(lineNumber: 2)),
        ("[{} {}]", .commaExpected(lineNumber: 1)), ("[1 2]", .commaExpected(lineNumber: 1)), ("[]\nx", .textAfterArray(lineNumber: 2)),
        ("{}]", .valueExpected(lineNumber: 1)), ("}", .valueExpected(lineNumber: 1)), ("[1}", .valueExpected(lineNumber: 1)),
        ("{\"a\": \"open", .endsInsideRecord(lineNumber: 1)),
    ] as [(String, ImportFileError)])
    func `what is no array is told with its line`(text: String, error: ImportFileError) throws {
        for cut in 0...text.utf8.count {
            #expect(throws: error) { try lines(text, cut: cut, JSONStreamParser()) }
        }
    }

    @Test func `a mapping renames, adds and drops members, and leaves what is no object to the gateway`() throws {
        let mapping = try FieldMapping(map: ["title=Job", "gone=missing"], set: ["source=linkedin"])
        let text = #"{"Job": "Cook", "source": 1, "n": 12345678901234567890}"# + "\n[1]\n{\n"
        #expect(
            try lines(text, cut: 5, NDJSONParser(mapping: mapping)) == [
                record(1, #"{"n":12345678901234567890,"title":"Cook","source":"linkedin"}"#), record(2, "[1]"), record(3, "{"),
            ])
    }

    @Test(arguments: [
        ("a.csv", "", .csv), ("a.TSV", "", .tsv), ("a.jsonl", "", .ndjson), ("a.json", "", .json), ("-", " [", .json),
        ("-", "\n{", .ndjson), ("Alternate Titles.txt", "Code\tTitle\na,b", .tsv), ("x", "a,b\nc\td", .csv),
    ] as [(String, String, ImportFormat)])
    func `the form follows from the name, else from the beginning`(name: String, beginning: String, format: ImportFormat) {
        #expect((ImportFormat(fileName: name) ?? ImportFormat(beginning: Array(beginning.utf8)[...])) == format)
    }
}
