import ArgumentParser
import Foundation

/// `kazi import`: a file of records into a collection, safe to run again.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the records of a file, or of standard input, to a collection.",
        discussion: "Reads NDJSON, a JSON array, CSV or TSV. A record that is equal in all fields to a stored one is skipped, "
            + "so an import that stopped is simply run again. Exit status 0 when all records were accepted, 2 when some were "
            + "refused, 1 when the import could not go on.")

    @Argument(help: "The file; - is standard input.")
    var file: String

    @Option(help: "The collection to write to.")
    var collection = "jobs"

    @Option(help: "ndjson, json, csv or tsv (default: by the file's ending, else by its content).")
    var format: ImportFormat?

    @Option(help: "The character between values, for CSV; `tab` for a tab.")
    var delimiter: String?

    @Flag(help: "Quotes in the file are ordinary characters (such as O*NET's tab-separated files).")
    var noQuotes = false

    @Option(help: ArgumentHelp(
        "Take a field from the column or key of another name; may be repeated.", valueName: "field=column"))
    var map: [String] = []

    @Option(help: ArgumentHelp(
        "Give a field the same value in every record; may be repeated.", valueName: "field=value"))
    var set: [String] = []

    @Option(help: "Records in one request, 1...10000.")
    var batchSize = 500

    @Option(help: "Requests at once, 1...64.")
    var connections = 2

    @Flag(help: "Write records that are there already once more.")
    var allowDuplicates = false

    @Option(help: "Where refused lines go (default FILE.errors.ndjson; made only when there are some).")
    var errors: String?

    @Option(help: "Seconds to try again when the gateway is away or overloaded, 0...86400.")
    var retryFor = 60

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...10_000).contains(batchSize) else { throw ValidationError("--batch-size takes 1 to 10000, not \(batchSize)") }
        guard (1...64).contains(connections) else { throw ValidationError("--connections takes 1 to 64, not \(connections)") }
        guard (0...86_400).contains(retryFor) else { throw ValidationError("--retry-for takes 0 to 86400, not \(retryFor)") }
        guard !collection.isEmpty else { throw ValidationError("--collection is empty") }
        _ = try delimiterByte()
        _ = try FieldMapping(map: map, set: set)
    }

    func run() async throws {
        let source = try openSource()
        let errorsPath = errors ?? (file == "-" ? "import.errors.ndjson" : file + ".errors.ndjson")
        let ledger = ImportLedger(errorsPath: errorsPath, fileBytes: source.sizeBytes, showsProgress: true)
        let address = try connection.address(defaultTimeout: GatewayAddress.batchTimeout)
        let ending = await outcome {
            try await GatewayClient.with(address, connectionCount: connections) { client in
                // A gateway that is not there at the start is told at once; one that goes away later is waited for.
                _ = try await client.answer(to: .init(path: "/health/live"))
                let sender = BatchSender(
                    client: client, collection: collection, skipsDuplicates: !allowDuplicates, patience: .seconds(retryFor))
                try await ImportRun(source: source, sender: sender, ledger: ledger, connectionCount: connections).run()
            }
        }
        await ledger.clearLine()
        try await report(ending, ledger, errorsPath)
    }

    private func openSource() throws -> ImportSource {
        do throws(ImportFileError) {
            return try ImportSource(
                .init(
                    path: file, format: format, delimiter: delimiterByteChecked(), hasQuotes: !noQuotes,
                    mapping: (try? FieldMapping(map: map, set: set)) ?? .none, batchRecordCount: batchSize))
        } catch {
            throw CommandFailure(error.description)
        }
    }

    /// Runs the import; the error it ended with, `nil` at its regular end.
    private func outcome(_ body: @escaping @Sendable () async throws -> Void) async -> (any Error)? {
        do {
            return try await Interruption.stopping(body) ? CancellationError() : nil
        } catch {
            return error
        }
    }

    private func report(_ ending: (any Error)?, _ ledger: ImportLedger, _ errorsPath: String) async throws {
        let counts = await ledger.counts
        let summary = counts.summary(elapsed: await ledger.elapsed)
        let advice = allowDuplicates ? "" : ". Run it again to go on: what is there already is skipped"
        let again = counts.total > 0 ? "; \(summary)\(advice)" : ""
        switch ending {
        case nil:
            try Terminal.write(summary + "\n")
            guard counts.refused == 0 else {
                Console.note("refused lines and the reasons are in \(errorsPath)")
                throw ExitCode(2)
            }
        case is CancellationError:
            Console.note("stopped\(again)")
            throw ExitCode(128 + SIGINT)
        case let failure as GatewayFailure:
            if case .refused(404, _, _) = failure {
                throw CommandFailure("the gateway has no collection '\(collection)'")
            }
            throw CommandFailure("\(failure)\(again)")
        case ImportFileError.unreadable(let path, let reason)?: throw CommandFailure("cannot read \(path): \(reason)\(again)")
        case let failure as ImportFileError:
            throw CommandFailure("\(file == "-" ? "standard input" : file): \(failure)\(again)")
        case let other?: throw other
        }
    }

    private func delimiterByte() throws -> UInt8? {
        guard let delimiter else { return nil }
        if delimiter == "tab" || delimiter == "\\t" { return UInt8(ascii: "\t") }
        guard delimiter.utf8.count == 1, let byte = delimiter.utf8.first, byte < 0x80, byte != UInt8(ascii: "\""),
            byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r")
        else { throw ValidationError("--delimiter takes one ASCII character or `tab`, not '\(delimiter)'") }
        return byte
    }

    /// `validate()` has seen that it does not throw.
    private func delimiterByteChecked() -> UInt8? { (try? delimiterByte()) ?? nil }
}
