import ArgumentParser
import Foundation
import RecordSchema
import ServiceRuntime

/// `kazi eval DIR`: how good and how fast the search is on a published data set, through HTTP.
struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the search on a BEIR folder: nDCG@10, recall@100, queries/s and latency.",
        discussion: "Starts a gateway and a worker of its own in a temporary folder, imports the corpus over HTTP, and asks "
            + "the queries that have judgements. With --url it uses a running gateway, which needs a collection with the fields doc_id, title "
            + "and text.")

    @Argument(help: "The folder: corpus.jsonl, queries.jsonl and qrels/test.tsv.")
    var folder: String

    @Option(help: "Which judgements: qrels/SPLIT.tsv.")
    var split = "test"

    @Option(help: "Queries at once, 1...256.")
    var connections = 1

    @Option(help: "Use the gateway at this address.")
    var url: String?

    @Option(help: "The collection of a running gateway.")
    var collection = "documents"

    @Option(help: "Folder of the embedding model (KAZI_MODEL, default where scripts/setup put it).")
    var model: String?

    @Option(help: ArgumentHelp("Keep the database in this folder, for another run or a closer look.", valueName: "folder"))
    var keep: String?

    @Flag(help: "The result as JSON.")
    var json = false

    /// A text that is embedded in one piece whatever its length, and found again by its id.
    private static let collectionFile = """
        $schema: https://json-schema.org/draft/2020-12/schema
        title: Document
        description: One document of a retrieval data set.
        type: object
        required: [doc_id, text]
        properties:
          doc_id: { type: string, minLength: 1, maxLength: 1000 }
          title:  { type: string, maxLength: 1000000 }
          text:   { type: string, maxLength: 1000000 }
        x-kazi:
          embed:  [title, text]
          filter: [doc_id]
          key:    [doc_id]

        """

    func validate() throws {
        guard (1...256).contains(connections) else { throw ValidationError("--connections takes 1 to 256, not \(connections)") }
        if url != nil, keep != nil { throw ValidationError("--keep is for a pair of our own, not for --url") }
    }

    func run() async throws {
        let data = try BEIRFolder(path: folder, split: split)
        let outcome = EvaluationOutcome()
        do {
            let wasInterrupted = try await Interruption.stopping { [self] in
                await outcome.set(try await url == nil ? evaluateOwnPair(data) : evaluateRunning(data))
            }
            if wasInterrupted {
                Console.note("stopped")
                throw ExitCode(128 + SIGINT)
            }
        } catch let failure as GatewayFailure {
            throw CommandFailure(failure.description)
        } catch let failure as ImportFileError {
            throw CommandFailure(failure.description)
        }
        guard let report = await outcome.report else { return }
        try Terminal.write(json ? report.json.serialized() + [UInt8(ascii: "\n")] : Array((report.text + "\n").utf8))
    }

    private func evaluateRunning(_ data: BEIRFolder) async throws -> EvaluationReport {
        let options = try ConnectionOptions.parse(url.map { ["--url", $0] } ?? [])
        let address = try options.address(defaultTimeout: GatewayAddress.batchTimeout)
        let run = EvaluationRun(
            folder: data, collection: collection, connectionCount: connections, errorsPath: "eval.errors.ndjson")
        return try await run.run(address)
    }

    private func evaluateOwnPair(_ data: BEIRFolder) async throws -> EvaluationReport {
        let root = keep.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("kazi-eval-\(UUID().uuidString)")
        defer { if keep == nil { try? FileManager.default.removeItem(at: root) } }
        let collections = root.appendingPathComponent("collections")
        do {
            try FileManager.default.createDirectory(at: collections, withIntermediateDirectories: true)
            try Data(Self.collectionFile.utf8).write(to: collections.appendingPathComponent("documents.yaml"))
        } catch {
            throw CommandFailure("cannot write \(root.path): \(error.localizedDescription)")
        }
        let pair = ServicePair(
            folder: root, collections: collections, model: try EnvironmentSetting.optional(model, "KAZI_MODEL"))
        let run = EvaluationRun(
            folder: data, collection: "documents", connectionCount: connections, errorsPath: "eval.errors.ndjson")
        return try await pair.run { try await run.run($0) }
    }
}

/// Carries the report out of a task that a signal may end.
private actor EvaluationOutcome {
    private(set) var report: EvaluationReport?

    func set(_ report: EvaluationReport) { self.report = report }
}
