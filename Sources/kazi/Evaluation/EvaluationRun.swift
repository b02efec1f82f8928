import Foundation
import Histogram
import NIOHTTP1
import RecordSchema

/// One evaluation against a gateway: the corpus in, the queries through, the measures out.
struct EvaluationRun: Sendable {
    let folder: BEIRFolder
    let collection: String
    let connectionCount: Int
    /// Where documents that the gateway refused are told.
    let errorsPath: String

    /// Documents asked for by each query: what BEIR asks for.
    private static let resultLimit = 100

    struct Answer: Sendable {
        let query: BEIRFolder.Query
        let documents: [RankedDocument]
        let latency: Duration
    }

    func run(_ address: GatewayAddress) async throws -> EvaluationReport {
        try await GatewayClient.with(address, connectionCount: max(2, connectionCount)) { client in
            let (documentCount, importRate) = try await importCorpus(client)
            Console.note("\(ProgressLine.grouped(documentCount)) documents are searchable; \(folder.queries.count) queries")
            let start = ContinuousClock.now
            let answers = try await ask(client)
            let elapsed = ContinuousClock.now - start
            var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
            for answer in answers { latencies.record(UInt64(max(1, answer.latency / .nanoseconds(1)))) }
            return EvaluationReport(
                documentCount: documentCount, queryCount: answers.count,
                metrics: .mean(answers.map { .init(documents: $0.documents, gains: folder.gains[$0.query.id] ?? [:]) }),
                importRate: importRate, queryRate: Double(answers.count) / elapsed.inSeconds, connectionCount: connectionCount,
                latencyP50: .nanoseconds(latencies.valueAtPercentile(50)),
                latencyP99: .nanoseconds(latencies.valueAtPercentile(99)))
        }
    }

    private func importCorpus(_ client: GatewayClient) async throws -> (count: Int, rate: Double) {
        let source: ImportSource
        do throws(ImportFileError) {
            source = try ImportSource(
                .init(path: folder.corpusPath, format: .ndjson, mapping: .corpus, batchRecordCount: 200))
        } catch {
            throw CommandFailure(error.description)
        }
        let ledger = ImportLedger(errorsPath: errorsPath, fileBytes: source.sizeBytes, showsProgress: true)
        let sender = BatchSender(
            client: client, collection: collection, skipsDuplicates: true, waitsUntilSearchable: true, patience: .seconds(60))
        try await ImportRun(source: source, sender: sender, ledger: ledger, connectionCount: 2).run()
        await ledger.clearLine()
        let counts = await ledger.counts
        guard counts.refused == 0 else {
            throw CommandFailure(
                "\(counts.refused) documents of \(folder.corpusPath) were refused; the reasons are in \(errorsPath)")
        }
        guard counts.total > 0 else { throw CommandFailure("\(folder.corpusPath) holds no document") }
        return (counts.total, Double(counts.total) / (await ledger.elapsed).inSeconds)
    }

    /// Each connection takes every n-th query.
    private func ask(_ client: GatewayClient) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: [Answer].self) { group in
            for first in 0..<connectionCount {
                group.addTask {
                    var answers: [Answer] = []
                    for index in stride(from: first, to: folder.queries.count, by: connectionCount) {
                        answers.append(try await ask(client, folder.queries[index]))
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func ask(_ client: GatewayClient, _ query: BEIRFolder.Query) async throws -> Answer {
        let body: JSONObject = [
            "text": .string(query.text), "top_k": .integer(Int64(Self.resultLimit)), "fields": ["doc_id"],
        ]
        let request = GatewayClient.Request(
            method: .POST, path: "/api/v1/\(URLText.escaped(collection))/search", body: body.serialized())
        let start = ContinuousClock.now
        let bytes: [UInt8]
        do {
            bytes = try await client.body(of: request)
        } catch let failure as GatewayFailure {
            throw CommandFailure("query \(query.id): \(failure)")
        }
        let latency = ContinuousClock.now - start
        guard let hits = (try? JSON(parsing: bytes))?.arrayValue else {
            throw CommandFailure("query \(query.id): \(GatewayFailure.unexpectedAnswer("no list of hits"))")
        }
        let documents = hits.compactMap { hit -> RankedDocument? in
            guard let id = hit.objectValue?["doc_id"]?.stringValue, let score = hit.objectValue?["score"]?.doubleValue,
                // A query that is itself a document must not find itself; BEIR leaves it out too.
                id != query.id
            else { return nil }
            return RankedDocument(id: id, score: Float(score))
        }
        return Answer(query: query, documents: documents, latency: latency)
    }
}

extension FieldMapping {
    /// BEIR's `_id` is our `doc_id`; title and text keep their names.
    static let corpus = FieldMapping(columns: [Column(field: "doc_id", column: "_id")])
}
