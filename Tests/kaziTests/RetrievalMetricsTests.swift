import Foundation
import RecordSchema
import Testing

@testable import kazi

@Suite("Retrieval measures") struct RetrievalMetricsTests {
    @Test func `agree with trec_eval, ties and graded judgements included`() throws {
        for line in try FixtureLine.all(of: "rankings") {
            let run = try #require(line.object["run"]?.objectValue)
            let gains = try #require(line.object["gains"]?.objectValue)
            let expected = try #require(line.object["expected"]?.objectValue)
            let found = RetrievalMetrics(
                documents: run.members.map { RankedDocument(id: $0.key, score: Float($0.value.doubleValue ?? .nan)) },
                gains: Dictionary(uniqueKeysWithValues: gains.members.map { ($0.key, Int($0.value.integerValue ?? 0)) }))
            for (name, value) in [
                ("ndcg_cut_10", found.ndcgAt10), ("recall_100", found.recallAt100), ("recip_rank", found.reciprocalRank),
                ("P_1", found.precisionAt1), ("map", found.averagePrecision),
            ] {
                let reference = try #require(expected[name]?.doubleValue)
                // Both sum at most 120 terms in double precision, in another order.
                #expect(abs(value - reference) < 1e-12, "\(line.testDescription) \(name): \(value), not \(reference)")
            }
        }
    }

    @Test func `a query without answers or without relevant documents counts as zero`() {
        #expect(RetrievalMetrics(documents: [], gains: ["a": 1]) == RetrievalMetrics())
        #expect(RetrievalMetrics(documents: [.init(id: "a", score: 1)], gains: ["a": 0]) == RetrievalMetrics())
        #expect(RetrievalMetrics.mean([]) == RetrievalMetrics())
    }

    @Test func `the mean is over all queries`() {
        let perfect = RetrievalMetrics(documents: [.init(id: "a", score: 1)], gains: ["a": 1])
        #expect(RetrievalMetrics.mean([perfect, RetrievalMetrics()]).ndcgAt10 == 0.5)
    }
}

@Suite("BEIR folder") struct BEIRFolderTests {
    private func withFolder(_ queries: String, _ qrels: String, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kaziTests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("qrels"), withIntermediateDirectories: true)
        try Data("{}\n".utf8).write(to: folder.appendingPathComponent("corpus.jsonl"))
        try Data(queries.utf8).write(to: folder.appendingPathComponent("queries.jsonl"))
        try Data(qrels.utf8).write(to: folder.appendingPathComponent("qrels/test.tsv"))
        try body(folder.path)
    }

    @Test func `queries without judgements are left out`() throws {
        let queries = #"{"_id": "2", "text": "b"}"# + "\n" + #"{"_id": "1", "text": "a", "metadata": {}}"# + "\n\n"
        try withFolder(queries, "query-id\tcorpus-id\tscore\r\n1\td1\t2\r\n1\td2\t0\r\n9\td1\t1\r\n") { path in
            let folder = try BEIRFolder(path: path, split: "test")
            #expect(folder.queries == [.init(id: "1", text: "a")])
            #expect(folder.gains["1"] == ["d1": 2, "d2": 0])
        }
    }

    @Test func `what is wrong is told with file and line`() throws {
        let query = #"{"_id": "1", "text": "a"}"#
        try withFolder(query + "\n{}\n", "h\n1\td\t1\n") { path in
            let failure = try #require(throws: CommandFailure.self) { _ = try BEIRFolder(path: path, split: "test") }
            #expect(failure.description.contains("queries.jsonl, line 2"))
        }
        try withFolder(query, "h\n1\td\tmuch\n") { path in
            let failure = try #require(throws: CommandFailure.self) { _ = try BEIRFolder(path: path, split: "test") }
            #expect(failure.description.contains("test.tsv, line 2"))
            let missing = try #require(throws: CommandFailure.self) { _ = try BEIRFolder(path: path, split: "dev") }
            #expect(missing.description.contains("qrels/dev.tsv"))
        }
    }

    @Test func `numbers are written with a fixed count of digits`() {
        #expect(EvaluationReport.fixed(0.64509, digits: 4) == "0.6451")
        #expect(EvaluationReport.fixed(1, digits: 3) == "1.000")
        #expect(EvaluationReport.fixed(0.02, digits: 2) == "0.02")
        #expect(EvaluationReport.fixed(12.995, digits: 1) == "13.0")
    }
}
