import ArgumentParser
import RecordSchema

/// `kazi status`: how a gateway and its workers are.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how a gateway and its workers are; exit status 1 unless all is well.")

    @Flag(help: "The gateway's answer as JSON.")
    var json = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let address = try connection.address()
        let answer: GatewayClient.Answer
        do {
            answer = try await GatewayClient.with(address) { try await $0.answer(to: .init(path: "/health")) }
        } catch let failure as GatewayFailure {
            throw CommandFailure(failure.description)
        }
        guard case .object(let health) = try? JSON(parsing: answer.body), let word = health["status"]?.stringValue else {
            throw CommandFailure("what answers at \(address.baseURL) is no Kazi gateway (status \(answer.status))")
        }
        if json {
            try Terminal.write(answer.body + [UInt8(ascii: "\n")])
        } else {
            try Terminal.write(HealthText.text(health, url: address.baseURL) + "\n")
        }
        guard answer.status == 200, word == "ok" else { throw ExitCode(1) }
    }
}

/// The body of `GET /health` for a person. Knows no field but `status`, so that it also shows what a later gateway adds.
enum HealthText {
    static func text(_ health: JSONObject, url: String) -> String {
        var lines = ["gateway at \(url): \(health["status"]?.stringValue ?? "unknown")"]
        for member in health.members where member.key != "status" {
            append(member.key, member.value, depth: 1, to: &lines)
        }
        return lines.joined(separator: "\n")
    }

    private static func append(_ key: String, _ value: JSON, depth: Int, to lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        switch value {
        case .object(let object) where object.members.contains { isNested($0.value) }:
            lines.append("\(indent)\(key):")
            for member in object.members { append(member.key, member.value, depth: depth + 1, to: &lines) }
        case .object(let object):
            lines.append("\(indent)\(key): " + pairs(object))
        case .array(let elements) where !elements.isEmpty && elements.allSatisfy { $0.objectValue != nil }:
            lines.append("\(indent)\(key):")
            for element in elements { lines.append("\(indent)  " + pairs(element.objectValue ?? [:])) }
        default:
            lines.append("\(indent)\(key): \(DisplayWidth.truncated(scalar(value), to: 200))")
        }
    }

    private static func pairs(_ object: JSONObject) -> String {
        object.members.map { "\($0.key) \(DisplayWidth.truncated(scalar($0.value), to: 200))" }.joined(separator: ", ")
    }

    private static func scalar(_ value: JSON) -> String { value.isNull ? "unknown" : HitTable.text(value) }

    private static func isNested(_ value: JSON) -> Bool {
        switch value {
        case .object, .array: true
        default: false
        }
    }
}
