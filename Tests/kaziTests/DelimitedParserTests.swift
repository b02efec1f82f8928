import RecordSchema
import Testing

@testable import kazi

@Suite("Delimited text") struct DelimitedParserTests {
    @Test func `is cut as Python's csv module cuts it, wherever the chunks end`() throws {
        for line in try FixtureLine.all(of: "delimited") {
            let text = Array(try line.string("text").utf8)
            let delimiter = try #require(try line.string("delimiter").utf8.first)
            let hasQuotes = line.object["has_quotes"] == .boolean(true)
            let expected = line.object["rows"]?.arrayValue?.map { $0.arrayValue?.map { $0.stringValue ?? "" } ?? [] }
            for cut in 0...text.count {
                let rows = try? parsed([text[..<cut], text[cut...]], DelimitedParser(delimiter: delimiter, hasQuotes: hasQuotes))
                #expect(rows?.map(\.texts) == expected, "\(line.testDescription), cut at \(cut)")
            }
        }
    }

    @Test func `a row knows the line it begins in`() throws {
        let rows = try parsed([Array("a,b\r\n\"two\nlines\",c\n\nlast,d".utf8)[...]], DelimitedParser())
        #expect(rows.map(\.lineNumber) == [1, 2, 5])
    }

    @Test func `an open quote is told with its line`() {
        #expect(throws: ImportFileError.unterminatedQuote(lineNumber: 2)) {
            try parsed([Array("a,b\nx,\"y\nz\n".utf8)[...]], DelimitedParser())
        }
    }

    @Test func `a quote that swallows the file ends before the memory does`() {
        var parser = DelimitedParser()
        var rows: [DelimitedParser.Row] = []
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        #expect(throws: ImportFileError.unterminatedQuote(lineNumber: 1)) {
            try parser.consume([UInt8(ascii: "\"")], into: &rows)
            for _ in 0..<20 { try parser.consume(chunk[...], into: &rows) }
        }
    }

    private func parsed(_ chunks: [ArraySlice<UInt8>], _ parser: DelimitedParser) throws -> [DelimitedParser.Row] {
        var parser = parser
        var rows: [DelimitedParser.Row] = []
        for chunk in chunks { try parser.consume(chunk, into: &rows) }
        try parser.finish(into: &rows)
        return rows
    }
}

extension DelimitedParser.Row {
    fileprivate var texts: [String] { cells.map { String(decoding: $0, as: UTF8.self) } }
}

@Suite("Rows as records") struct DelimitedRecordParserTests {
    private func lines(_ text: String, map: [String] = [], set: [String] = []) throws -> [ParsedLine] {
        var parser = DelimitedRecordParser(
            delimiter: UInt8(ascii: ","), hasQuotes: true, mapping: try FieldMapping(map: map, set: set))
        var lines: [ParsedLine] = []
        try parser.consume(Array(text.utf8)[...], into: &lines)
        try parser.finish(into: &lines)
        return lines
    }

    private func record(_ lineNumber: Int, _ json: String) -> ParsedLine {
        .record(lineNumber: lineNumber, json: Array(json.utf8))
    }

    @Test func `values are strings under their column's name, and empty values absent`() throws {
        #expect(
            try lines("title,n,,note\nWelder,35000,ignored,\"a \"\"b\"\"\"\n,,,\nCook\n") == [
                record(2, #"{"title":"Welder","n":"35000","note":"a \"b\""}"#), record(3, "{}"), record(4, #"{"title":"Cook"}"#),
            ])
    }

    @Test func `a mapped column goes under its fields alone, and a constant wins over a column`() throws {
        #expect(
            try lines("Job Title,source,x\nCook,web,1\n", map: ["title=Job Title", "label=Job Title"], set: ["source=linkedin"]) == [
                record(2, #"{"title":"Cook","label":"Cook","x":"1","source":"linkedin"}"#)
            ])
    }

    @Test func `rows that are too long and values that are no UTF-8 are refused alone`() throws {
        var parser = DelimitedRecordParser(delimiter: UInt8(ascii: ","), hasQuotes: true)
        var lines: [ParsedLine] = []
        try parser.consume((Array("a,b\n1,2,3\nx,".utf8) + [0xC3, 0x28] + Array("\n4,5\n".utf8))[...], into: &lines)
        try parser.finish(into: &lines)
        #expect(
            lines == [
                .refused(lineNumber: 2, reason: "the row has 3 values, the header row 2", input: Array("1\t2\t3".utf8)),
                .refused(lineNumber: 3, reason: "a value is not UTF-8", input: Array("x\t".utf8) + [0xC3, 0x28]),
                record(4, #"{"a":"4","b":"5"}"#),
            ])
    }

    @Test func `a column that is not there is named with those that are`() {
        #expect(throws: ImportFileError.unknownColumn("Title", available: ["title", "n"])) {
            try lines("title,n\n", map: ["title=Title"])
        }
        #expect(throws: ImportFileError.repeatedColumn("a")) { try lines("a,b,a\n") }
    }
}

@Suite("CSV text") struct CSVTextTests {
    @Test func `rows are written as Python's csv module writes them`() throws {
        for line in try FixtureLine.all(of: "delimited-written") {
            let row = try #require(line.object["row"]?.arrayValue).map { $0.stringValue ?? "" }
            let text = try line.string("text")
            #expect(String(decoding: CSVText.row(row), as: UTF8.self) == text, "\(line.testDescription)")
        }
    }

    @Test func `columns are the fields of all records, null is empty and nested values are JSON`() throws {
        let records: [JSONObject] = [
            ["id": 1, "title": "Cook", "pay": .null, "tags": ["a", "b,c"]], ["id": 2, "title": "é\n", "pay": 1.5, "open": true],
        ]
        let csv = CSVText(fieldsOf: records)
        #expect(String(decoding: csv.header, as: UTF8.self) == "id,title,pay,tags,open\r\n")
        #expect(String(decoding: csv.row(records[0]), as: UTF8.self) == "1,Cook,,\"[\"\"a\"\",\"\"b,c\"\"]\",\r\n")
        #expect(String(decoding: csv.row(records[1]), as: UTF8.self) == "2,\"é\n\",1.5,,true\r\n")
    }
}
