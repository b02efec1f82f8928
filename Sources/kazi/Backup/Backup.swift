import ArgumentParser
import Foundation
import RecordSchema
import RecordStore
import ServiceRuntime

/// `kazi backup`: everything in a data directory as one file, while a gateway serves it or not.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the records, vectors, keys and users into one file, while the gateway serves.",
        discussion: "The file holds one moment. It is read back before it gets its name, so that a backup is whole or not there.")

    @Argument(help: "The file to make.")
    var file: String

    @Option(help: "The gateway's data directory (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Flag(help: "Replace a file that is there.")
    var overwrite = false

    @Flag(help: "Only read a backup that is there, and say what it holds.")
    var verify = false

    func run() async throws {
        do throws(BackupError) {
            let summary: BackupSummary
            if verify {
                summary = try RecordStore.verifyBackup(at: file)
            } else {
                let progress = BackupLine()
                defer { progress.clear() }
                summary = try RecordStore.backup(ofDirectory: try directory(), to: file, replacing: overwrite) { progress.show($0) }
            }
            try? Terminal.write("\(file): \(summary.text)\n")
        } catch {
            throw CommandFailure(error.explanation)
        }
    }

    private func directory() throws(BackupError) -> String {
        let name = (try? EnvironmentSetting.value(dataDir, "KAZI_DATA_DIR", default: "kazi-data")) ?? "kazi-data"
        guard FileManager.default.fileExists(atPath: name + "/kazi.sqlite") else {
            throw .unreadable(path: name + "/kazi.sqlite", detail: "there is no such file; name the gateway's data directory with --data-dir")
        }
        return name
    }
}

/// `kazi restore`: a backup in the place of what is in a data directory that no gateway serves.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup into a data directory; the gateway must be stopped.",
        discussion: "The database that was there is kept beside it, unless --discard is given. Workers start over by themselves.")

    @Argument(help: "The backup.")
    var file: String

    @Option(help: "The gateway's data directory, made where it is missing (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Flag(help: "Keep no copy of the database that was there.")
    var discard = false

    func run() async throws {
        let directory = try EnvironmentSetting.value(dataDir, "KAZI_DATA_DIR", default: "kazi-data")
        do throws(BackupError) {
            let progress = BackupLine()
            let result = try RecordStore.restore(from: file, into: directory, keepsPrevious: !discard) { progress.show($0) }
            progress.clear()
            var text = "\(directory): \(result.backup.text)\n"
            if let previous = result.previousDatabase { text += "what was there before is \(previous)\n" }
            try? Terminal.write(text)
        } catch {
            throw CommandFailure(error.explanation)
        }
    }
}

extension BackupSummary {
    fileprivate var text: String {
        let collections = recordCounts.sorted { $0.key < $1.key }.map { "\($0.value) in \($0.key)" }
        let records = collections.isEmpty ? "no records" : collections.joined(separator: ", ")
        return "\(records), \((byteCount + (1 << 20) - 1) >> 20) MiB, seq \(headSeq), verified"
    }
}

extension BackupError {
    var explanation: String {
        switch self {
        case .fileExists(let path): "\(path) is there already; --overwrite replaces it"
        case .unreadable(let path, let detail): "\(path) cannot be read: \(detail)"
        case .differs: "what was written is not what was read: the disk or the memory of this machine is at fault"
        case .alreadyRunning: "another backup is being made"
        case .store(.inUse(let path)): "\(path) is in use: stop the gateway first"
        case .store(.notADatabase(let path)): "\(path) is no backup"
        case .store(.foreignDatabase(let path, _)): "\(path) is the database of another application"
        case .store(.corrupt(let path, let detail)): "\(path) is damaged: \(detail)"
        case .store(.newerVersion(let path, _)): "\(path) was made by a newer release of Kazi"
        case .store(.unwritable(let path, let detail)): "\(path) cannot be written: \(detail)"
        case .store(let error): "\(error)"
        }
    }
}

/// How far a backup has come, on a terminal.
private struct BackupLine {
    private let isTerminal = Terminal.standardErrorIsTerminal

    func show(_ progress: BackupProgress) {
        guard isTerminal, progress.pageCount > 0 else { return }
        let text =
            switch progress.step {
            case .copying: "copying \(progress.copiedPageCount * 100 / progress.pageCount) %"
            case .verifying: "reading it back"
            }
        Terminal.writeError("\r\u{1B}[K\(text)")
    }

    func clear() { if isTerminal { Terminal.writeError("\r\u{1B}[K") } }
}
