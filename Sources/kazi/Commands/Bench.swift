import ArgumentParser
import Embedding
import Foundation
import ServiceRuntime

/// `kazi bench`: what the scripts in `scripts/bench` run of Kazi's own.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure parts of Kazi; driven by scripts/bench.", subcommands: [BenchEmbed.self])
}

/// `kazi bench embed`: a request a line on standard input, its measurement a line on standard output.
struct BenchEmbed: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Time the encoder on one thread: reads {\"texts\": […], \"rounds\": n} line by line.")

    @Option(help: "Folder of the embedding model (KAZI_MODEL, default where scripts/setup put it).")
    var model: String?

    func run() throws {
        let folder = ModelLocation.directory(named: try EnvironmentSetting.optional(model, "KAZI_MODEL"))
        let benchmark: EmbeddingBenchmark
        do throws(ModelError) {
            benchmark = EmbeddingBenchmark(model: try MiniLMModel(folder: folder.path))
        } catch {
            throw CommandFailure("the embedding model cannot be used: \(error)")
        }
        while let line = readLine() {
            try Terminal.write(try benchmark.answer(line) + "\n")
        }
    }
}
