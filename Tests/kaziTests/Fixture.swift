import Foundation
import RecordSchema
import Testing

/// A line of a golden file that `scripts/cli/make-golden` wrote.
struct FixtureLine: Sendable, CustomTestStringConvertible {
    let number: Int
    let object: JSONObject

    var testDescription: String { "line \(number)" }

    static func all(of name: String) throws -> [FixtureLine] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "jsonl"))
        let bytes = try Array(Data(contentsOf: url))
        return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            FixtureLine(number: index + 1, object: try #require(JSON(parsing: Array(line)).objectValue))
        }
    }

    func string(_ key: String) throws -> String { try #require(object[key]?.stringValue) }
}

/// A file in a folder of its own, which is removed at the end.
func withTemporaryFile<Result>(
    _ name: String, _ content: [UInt8], _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kaziTests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(content).write(to: file)
    return try await body(file.path)
}
