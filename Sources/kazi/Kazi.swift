import ArgumentParser
import ServiceRuntime

/// The person's tool: each subcommand is a file of its own.
@main
struct Kazi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kazi",
        abstract: "Run Kazi, fill it, search it and measure it.",
        version: KaziVersion.current,
        subcommands: [Up.self, Import.self, Search.self, Export.self, Status.self, Keys.self, Users.self, Check.self, Backup.self, Restore.self, Eval.self, Bench.self])
}
