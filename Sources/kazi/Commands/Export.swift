import ArgumentParser
import Foundation
import RecordSchema

/// `kazi export`: a whole collection, page by page, so that memory does not grow with it.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all records of a collection to a file or to standard output.",
        discussion: "A file appears under its name only when it is whole.")

    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// One JSON record a line.
        case ndjson
        /// RFC 4180 with a header row.
        case csv
    }

    @Argument(help: ArgumentHelp("The collection (default jobs).", valueName: "collection"))
    var name: String?

    @Option(help: "The collection, as a flag.")
    var collection: String?

    @Option(help: "ndjson or csv.")
    var format = Format.ndjson

    @Option(name: [.long, .customShort("o")], help: "The file; - is standard output.")
    var output = "-"

    @Option(help: "Seconds to try again when the gateway is away or overloaded, 0...86400.")
    var retryFor = 60

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if name != nil, collection != nil { throw ValidationError("the collection is named twice") }
        guard (0...86_400).contains(retryFor) else { throw ValidationError("--retry-for takes 0 to 86400, not \(retryFor)") }
    }

    func run() async throws {
        let collection = name ?? collection ?? "jobs"
        let address = try connection.address()
        let (output, format, patience) = (output, format, Duration.seconds(retryFor))
        do {
            let wasInterrupted = try await Interruption.stopping {
                try await GatewayClient.with(address) { client in
                    let pages = RecordPages(client: client, collection: collection, patience: patience)
                    let count = try await Self.export(pages, to: output, format)
                    if output != "-" { Console.note("\(ProgressLine.grouped(count)) records in \(output)") }
                }
            }
            if wasInterrupted {
                Console.note("stopped")
                throw ExitCode(128 + SIGINT)
            }
        } catch GatewayFailure.refused(404, _, _) {
            throw CommandFailure("the gateway has no collection '\(collection)'")
        } catch let failure as GatewayFailure {
            throw CommandFailure(failure.description)
        }
    }

    /// - Returns: How many records were written.
    private static func export(_ pages: RecordPages, to output: String, _ format: Format) async throws -> Int {
        var file = try ExportFile(path: output)
        var csv: CSVText?
        var count = 0
        var cursor: String? = ""
        while let current = cursor {
            let page = try await pages.page(at: current)
            cursor = page.nextCursor
            var bytes: [UInt8] = []
            switch format {
            case .ndjson:
                for record in page.records {
                    record.serialize(into: &bytes)
                    bytes.append(UInt8(ascii: "\n"))
                }
            case .csv:
                let rows = csv ?? CSVText(fieldsOf: page.records)
                if csv == nil, !rows.fields.isEmpty { bytes += rows.header }
                csv = rows
                for record in page.records { bytes += rows.row(record) }
            }
            try file.write(bytes)
            count += page.records.count
        }
        try file.finish()
        return count
    }
}
