import Foundation
import RecordSchema

/// A retrieval data set as BEIR lays it out (Thakur et al. 2021, arXiv:2104.08663): `corpus.jsonl`, `queries.jsonl`,
/// `qrels/<split>.tsv`.
struct BEIRFolder: Sendable {
    struct Query: Sendable, Equatable {
        let id: String
        let text: String
    }

    let corpusPath: String
    /// The queries that have judgements, in the order of the file.
    let queries: [Query]
    /// Gain by document id, by query id.
    let gains: [String: [String: Int]]

    /// Reads queries and judgements; the corpus stays where it is.
    ///
    /// - Throws: `CommandFailure` with the file and the line.
    init(path: String, split: String) throws {
        let root = URL(fileURLWithPath: path)
        corpusPath = root.appendingPathComponent("corpus.jsonl").path
        for name in ["corpus.jsonl", "queries.jsonl", "qrels/\(split).tsv"]
        where !FileManager.default.isReadableFile(atPath: root.appendingPathComponent(name).path) {
            throw CommandFailure(
                "\(path) is no BEIR folder: there is no readable \(name) "
                    + "(it has corpus.jsonl, queries.jsonl and qrels/\(split).tsv)")
        }
        let gains = try Self.readGains(root.appendingPathComponent("qrels/\(split).tsv"))
        queries = try Self.readQueries(root.appendingPathComponent("queries.jsonl")).filter { gains[$0.id] != nil }
        self.gains = gains
        guard !queries.isEmpty else {
            throw CommandFailure("no query of \(path)/queries.jsonl has a judgement in qrels/\(split).tsv")
        }
    }

    private static func lines(of url: URL) throws -> [Substring.UTF8View.SubSequence] {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw CommandFailure("\(url.path) cannot be read as UTF-8")
        }
        return text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    private static func readQueries(_ url: URL) throws -> [Query] {
        var queries: [Query] = []
        for (index, line) in try lines(of: url).enumerated() where !line.allSatisfy(JSONBytes.isWhiteSpace) {
            guard case .object(let object) = try? JSON(parsing: Array(line)), let id = object["_id"]?.stringValue,
                let text = object["text"]?.stringValue
            else { throw CommandFailure("\(url.path), line \(index + 1): not an object with `_id` and `text` as strings") }
            queries.append(Query(id: id, text: text))
        }
        return queries
    }

    /// `query-id`, `corpus-id` and `score` between tabs, under a header row.
    private static func readGains(_ url: URL) throws -> [String: [String: Int]] {
        var gains: [String: [String: Int]] = [:]
        for (index, line) in try lines(of: url).enumerated().dropFirst() where !line.allSatisfy(JSONBytes.isWhiteSpace) {
            var line = line
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            let cells = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map { String(Substring($0)) }
            guard cells.count == 3, let gain = Int(cells[2]) else {
                throw CommandFailure("\(url.path), line \(index + 1): not query, document and whole gain between tabs")
            }
            gains[cells[0], default: [:]][cells[1]] = gain
        }
        return gains
    }
}
