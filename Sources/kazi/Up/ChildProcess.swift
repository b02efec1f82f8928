import Foundation
import Subprocess
import SystemPackage

/// A process of ours whose life is bound to this one's, however this one ends.
///
/// The child reads its standard input, the other end of a pipe that we hold: the kernel closes it with us, and a child
/// started with `--exit-with-parent` stops at its end.
struct ChildProcess: Sendable {
    /// The name of the executable, beside our own.
    let executableName: String
    let arguments: [String]
    var environment: [String: String] = [:]
    /// Whether the child's standard error is ours, or dropped.
    var showsStandardError = true

    /// How long a child that was asked to stop may take before it is killed.
    static let stopPatience = Duration.seconds(20)

    /// Runs the child to its end. Cancelling the task asks it to stop (`SIGTERM`), and kills it after `stopPatience`.
    ///
    /// The child gets a process group of its own, so that Ctrl-C in a terminal reaches us alone and the order in which
    /// children stop is ours to choose.
    func run() async throws -> TerminationStatus {
        let pipe = try FileDescriptor.pipe()
        // Without close-on-exec the next child would inherit our end and hold this one's input open after our death.
        guard fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC) == 0 else { throw Errno(rawValue: errno) }
        defer { try? pipe.writeEnd.close() }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.stopPatience)]
        let executable = Self.directory.appendingPathComponent(executableName)
        var updates: [Environment.Key: String?] = [:]
        for (name, value) in environment { updates[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(executable.path)), arguments: Arguments(arguments),
            environment: .inherit.updating(updates), platformOptions: options,
            input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
            output: .discarded,
            error: .fileDescriptor(
                showsStandardError ? .standardError : try Self.nullDevice(),
                closeAfterSpawningProcess: !showsStandardError)
        )
        return result.terminationStatus
    }

    private static func nullDevice() throws -> FileDescriptor { try FileDescriptor.open(FilePath("/dev/null"), .writeOnly) }

    /// Where the running executable is, links resolved: its siblings are there.
    static var directory: URL {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: path).deletingLastPathComponent()
    }
}
