import ArgumentParser
import Foundation
import Glibc
public import Logging
import NIOConcurrencyHelpers

/// How our processes log: to standard error, one line an event, in JSON or as text.
public enum ProcessLog {
    private struct Sink {
        var writer: LogWriter
        var format: LogFormat
        var level: Logger.Level
    }

    private static let sink = NIOLockedValueBox<Sink?>(nil)
    /// How long the end of a process waits for a reader of its log.
    private static let flushTimeout = Duration.seconds(1)

    /// The level that a flag or `KAZI_LOG_LEVEL` names; `info` without either.
    public static func level(_ flag: String?) throws -> Logger.Level {
        let name = try EnvironmentSetting.value(flag, "KAZI_LOG_LEVEL", default: "info")
        guard let level = Logger.Level(rawValue: name) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level takes one of \(names), not '\(name)'")
        }
        return level
    }

    /// Sets up logging for the process; called once, before the first logger is made.
    public static func bootstrap(level: Logger.Level, format: LogFormat) {
        // A reader of our log or of a socket that goes away must not take the process with it.
        signal(SIGPIPE, SIG_IGN)
        let writer = LogWriter(descriptor: STDERR_FILENO)
        sink.withLockedValue { $0 = Sink(writer: writer, format: format, level: level) }
        LoggingSystem.bootstrap { label in
            ProcessLogHandler(label: label, writer: writer, format: format, logLevel: level)
        }
    }

    /// Waits a moment for the lines that are not written yet. The last thing a process does.
    public static func flush() { sink.withLockedValue { $0?.writer }?.flush(timeout: flushTimeout) }

    /// Says why the process cannot start, in one line on standard error: `kazi-gateway: port 8000 is in use`.
    public static func explain(_ reason: String, of processName: String) {
        flush()
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: "; ")
        FileHandle.standardError.write(Data("\(processName): \(line)\n".utf8))
    }

    /// Writes one event whose fields keep the order given: for lines that people read by the hundred.
    public static func write(
        _ level: Logger.Level, _ label: String, _ message: String, _ fields: [(name: String, value: Logger.MetadataValue)]
    ) {
        guard let sink = sink.withLockedValue({ $0 }), level >= sink.level else { return }
        let line = LogLine(level: level, label: label, message: message, fields: fields, time: now())
        sink.writer.write(line.bytes(sink.format))
    }

    /// Whether `write` would write an event of this level.
    public static func writes(_ level: Logger.Level) -> Bool {
        sink.withLockedValue { $0.map { level >= $0.level } ?? false }
    }

    static var format: LogFormat { sink.withLockedValue { $0?.format } ?? .json }

    /// Microseconds since 1970-01-01T00:00:00Z.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
