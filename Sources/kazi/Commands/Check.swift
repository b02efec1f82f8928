import ArgumentParser
import Foundation
import Subprocess
import SystemPackage

/// `kazi check`: what other collection files would do to the records that are stored.
///
/// `kazi-gateway --check` does it, so that the verdict is that of the program that would start with them.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what collection files would do to the records that are stored; changes nothing.",
        discussion: "Exit status 0 when a gateway would start with them. Works beside a gateway that serves.")

    @Argument(help: "Collection files, or folders of them.")
    var files: [String]

    @Option(help: "The gateway's data directory (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Option(help: "Folder of the embedding model (KAZI_MODEL, default where scripts/setup put it).")
    var model: String?

    func run() async throws {
        var arguments = files.flatMap { ["--check", $0] }
        if let dataDir { arguments += ["--data-dir", dataDir] }
        if let model { arguments += ["--model", model] }
        let executable = ChildProcess.directory.appendingPathComponent("kazi-gateway")
        let result = try await Subprocess.run(
            .path(FilePath(executable.path)), arguments: Arguments(arguments), input: .none,
            output: .fileDescriptor(.standardOutput, closeAfterSpawningProcess: false),
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
        guard result.terminationStatus.isSuccess else { throw ExitCode.failure }
    }
}
