import Foundation
import Glibc
import Testing

@testable import RecordSchema

/// Pydantic and Python's json, asked through `Fixtures/oracle.py`.
enum Oracle {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/oracle.py").standardized

    /// The interpreter to use: `KAZI_PYTHON`, else the one that `scripts/setup` makes.
    private static let python: String = {
        if let chosen = ProcessInfo.processInfo.environment["KAZI_PYTHON"] { return chosen }
        return URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../.build/venv/bin/python").standardized.path
    }()

    /// The tests' expectations are those of this version; another one may word its messages differently.
    private static let version = "2.13."

    static let isAvailable: Bool = {
        guard FileManager.default.isExecutableFile(atPath: python) else { return false }
        guard let output = try? run(arguments: ["--check"], input: Data()) else { return false }
        return String(decoding: output, as: UTF8.self).hasPrefix(version)
    }()

    static let absence: Comment = "there is no Python with Pydantic 2.13: scripts/setup makes one"

    /// The answers to `requests`, in their order.
    static func answers(to requests: [JSON]) throws -> [JSON] {
        var input = Data()
        for request in requests {
            input.append(contentsOf: request.serialized())
            input.append(UInt8(ascii: "\n"))
        }
        let lines = try run(arguments: [], input: input).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == requests.count)
        return try lines.map { try JSON(parsing: Array($0)) }
    }

    private static func run(arguments: [String], input: Data) throws -> Data {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kazi-oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files and not pipes: neither side can wait for the other to read.
        let inputFile = folder.appending(path: "requests")
        let outputFile = folder.appending(path: "answers")
        try input.write(to: inputFile)
        try Data().write(to: outputFile)
        let status = try spawn([python, script.path] + arguments, input: inputFile.path, output: outputFile.path)
        guard status == 0 else { throw OracleFailure(status: status) }
        return try Data(contentsOf: outputFile)
    }

    /// Runs a program to its end. Foundation's `Process` leaves what the leak sanitizer reports.
    private static func spawn(_ arguments: [String], input: String, output: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var process = pid_t()
        let error = posix_spawn(&process, arguments[0], &actions, nil, &argv, &envp)
        guard error == 0 else { throw OracleFailure(status: error) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw OracleFailure(status: errno) }
        }
        return status
    }
}

struct OracleFailure: Error {
    var status: Int32
}

/// JSON as text, for messages and for comparison, where NaN is to be equal to itself.
func text(_ value: JSON) -> String {
    String(decoding: value.serialized(), as: UTF8.self)
}

/// The first of `differences` for a test's message, each cut to a length that can be read.
func summary(_ differences: [String]) -> Comment {
    let shown = differences.prefix(10).map { $0.count > 1_500 ? "\($0.prefix(1_500))…" : $0 }
    return "\(differences.count) differences: \(shown.joined(separator: "\n"))"
}
