import ArgumentParser
import Foundation
public import Logging

/// How our processes log: to standard error, one line an event.
public enum ProcessLog {
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
    public static func bootstrap(level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }

    /// Says why the process cannot start, in one line on standard error: `kazi-gateway: port 8000 is in use`.
    public static func explain(_ reason: String, of processName: String) {
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: "; ")
        FileHandle.standardError.write(Data("\(processName): \(line)\n".utf8))
    }
}
