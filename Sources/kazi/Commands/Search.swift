import ArgumentParser
import Foundation
import NIOHTTP1
import RecordSchema

/// `kazi search "text"`: what comes closest in meaning, as a table.
struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search a collection by meaning.",
        discussion: "For instance: kazi search 'working with animals' --filter location=Nanyuki --filter salary_min.gte=40000")

    @Argument(help: "What to look for.")
    var text: String

    @Option(help: "The collection (default the gateway's default collection).")
    var collection: String?

    @Option(name: [.customLong("top-k"), .customShort("k")], help: "Hits at most, 1...1000.")
    var resultLimit = 10

    @Option(help: ArgumentHelp(
        "A condition: field=value or field.gte=value (eq ne in nin gt gte lt lte exists); may be repeated, all must hold.",
        valueName: "condition"))
    var filter: [String] = []

    @Option(help: "The fields to show, separated by commas.")
    var fields: String?

    @Flag(help: "The gateway's answer as JSON.")
    var json = false

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...1000).contains(resultLimit) else { throw ValidationError("--top-k takes 1 to 1000, not \(resultLimit)") }
        _ = try FilterArgument.filter(filter)
    }

    func run() async throws {
        let fieldNames = fields?.split(separator: ",").map(String.init)
        let request = try request(fields: fieldNames)
        let answer: JSON
        do {
            answer = try await GatewayClient.with(try connection.address()) { try await $0.json(of: request) }
        } catch let failure as GatewayFailure {
            throw CommandFailure(failure.description)
        }
        if json {
            try Terminal.write(answer.serialized() + [UInt8(ascii: "\n")])
            return
        }
        let hits = (answer.arrayValue ?? []).compactMap(\.objectValue)
        guard !hits.isEmpty else {
            try Terminal.write("no results\n")
            return
        }
        let lines = HitTable(hits: hits, fields: fieldNames).lines(width: Terminal.width(of: STDOUT_FILENO))
        try Terminal.write(lines.joined(separator: "\n") + "\n")
    }

    private func request(fields: [String]?) throws -> GatewayClient.Request {
        var body: JSONObject = ["text": .string(text), "top_k": .integer(Int64(resultLimit))]
        let conditions = try FilterArgument.filter(filter)
        if !conditions.isEmpty { body["filter"] = .object(conditions) }
        if let fields { body["fields"] = .array(fields.map { .string($0) }) }
        let path = collection.map { "/api/v1/\(URLText.escaped($0))/search" } ?? "/api/v1/search"
        return GatewayClient.Request(method: .POST, path: path, body: body.serialized())
    }
}
