public import ArgumentParser

/// How a log line is written.
public enum LogFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// One JSON object a line, for machines.
    case json
    /// `time level logger: message name=value …`, for people.
    case text
}
