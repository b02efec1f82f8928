import Crypto
import Foundation
import Testing

@testable import Embedding

@Suite("WordPiece tokenizer", .needsModel) struct WordPieceTokenizerTests {
    let tokenizer: WordPieceTokenizer

    init() throws { tokenizer = try Fixtures.model.get().tokenizer }

    private struct Golden: Decodable {
        var text: String
        var times: Int?
        var ids: [Int32]
    }

    @Test(.tags(.golden))
    func `gives the ids of the reference for nasty strings`() throws {
        let cases = try Fixtures.decodedLines(of: "tokenizer.jsonl", as: Golden.self)
        #expect(cases.count > 400)
        for golden in cases {
            let text = String(repeating: golden.text, count: golden.times ?? 1)
            #expect(tokenizer.pieces(of: text, limit: 256) == golden.ids, "\(golden.text.unicodeScalars.map { String($0.value, radix: 16) })")
        }
    }

    @Test(.tags(.golden))
    func `gives the ids of the reference for every character of Unicode`() throws {
        let hashes = try Fixtures.lines(of: "tokenizer-characters.txt").map { String(decoding: $0, as: UTF8.self) }
        #expect(hashes.count == 0x110)
        for (block, expected) in hashes.enumerated() where expected != "-" {
            let codePoints = UInt32(block) << 12..<UInt32(block + 1) << 12
            let texts = codePoints.compactMap { Unicode.Scalar($0) }.map { "a\($0)b \($0)\($0) te\($0)st" }
            #expect(hash(texts) == expected, "block \(String(block << 12, radix: 16))")
        }
    }

    @Test(.tags(.golden), .needsSharedData)
    func `gives the ids of the reference for whole data sets`() throws {
        struct DataSet: Decodable {
            var file: String
            var texts: Int
            var sha256: String
        }
        let folder = try #require(Fixtures.sharedData)
        for dataSet in try Fixtures.decodedLines(of: "tokenizer-data-sets.jsonl", as: DataSet.self) {
            let texts = try texts(ofDataSet: folder.appending(path: dataSet.file))
            #expect(texts.count == dataSet.texts, "\(dataSet.file)")
            #expect(hash(texts) == dataSet.sha256, "\(dataSet.file)")
        }
    }

    @Test(arguments: [2, 3, 4, 5, 255, 256, 257, 512])
    func `cuts the last pieces off a long text`(limit: Int) {
        let pieces = tokenizer.pieces(of: String(repeating: "embeddings ", count: 1000), limit: limit)
        let all = tokenizer.pieces(of: String(repeating: "embeddings ", count: 200), limit: 10_000)
        #expect(pieces.count == limit)
        #expect(pieces == all.prefix(limit - 1) + [102])
    }

    /// One text a line: title and text of a BEIR file, any other line as it is. scripts/embedding/make-golden reads alike.
    private func texts(ofDataSet file: URL) throws -> [String] {
        struct Record: Decodable {
            var title: String?
            var text: String
        }
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        guard file.pathExtension == "jsonl" else { return lines.map { String(decoding: $0, as: UTF8.self) } }
        return try lines.map { line in
            let record = try JSONDecoder().decode(Record.self, from: line)
            return record.title.map { $0.isEmpty ? record.text : $0 + " " + record.text } ?? record.text
        }
    }

    /// SHA-256 over each text's piece count and ids, as little-endian int32.
    private func hash(_ texts: [String]) -> String {
        var hash = SHA256()
        for text in texts {
            let ids = tokenizer.pieces(of: text, limit: 256)
            for number in [Int32(ids.count)] + ids { withUnsafeBytes(of: number.littleEndian) { hash.update(bufferPointer: $0) } }
        }
        return hash.finalize().hexadecimal
    }
}

@Suite("Vocabulary") struct VocabularyTests {
    private func tokenizer(_ lines: [String]) throws -> WordPieceTokenizer {
        try WordPieceTokenizer(vocabularyContents: Array(lines.joined(separator: "\n").utf8), path: "vocab.txt")
    }

    @Test func `takes the longest piece first`() throws {
        let tokenizer = try tokenizer(["[CLS]", "[SEP]", "[UNK]", "un", "unable", "##a", "##able", "##ble", "u", "##n"])
        #expect(tokenizer.pieces(of: "unable", limit: 16) == [0, 4, 1])
        #expect(tokenizer.pieces(of: "unaable", limit: 16) == [0, 3, 5, 6, 1])
        #expect(tokenizer.pieces(of: "unb un", limit: 16) == [0, 2, 3, 1])
    }

    @Test func `takes Windows line ends and a last line without an end`() throws {
        #expect(try tokenizer(["[CLS]\r", "[SEP]\r", "[UNK]\r", "word"]).pieces(of: "word", limit: 4) == [0, 3, 1])
    }

    @Test(arguments: [
        (["[CLS]", "[SEP]"], "has no piece [UNK]", 0), (["[CLS]", "", "[SEP]"], "is empty", 2),
        (["[CLS]", "[SEP]", "[UNK]", "a", "##a", "a"], "repeats line 4", 6), ([], "is empty", 1),
    ])
    func `is refused with the line that is wrong`(lines: [String], problem: String, line: Int) {
        #expect(throws: ModelError.invalidVocabulary(path: "vocab.txt", line: line, problem: problem)) { try tokenizer(lines) }
    }
}

extension Tag {
    @Tag static var golden: Self
}
