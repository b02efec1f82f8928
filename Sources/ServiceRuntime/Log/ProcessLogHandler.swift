import Logging

/// The handler behind every logger of a process: makes a line of each event and hands it to the writer.
struct ProcessLogHandler: LogHandler {
    let label: String
    let writer: LogWriter
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // An event's fields keep no order of their own: by name, so that equal events make equal lines.
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let own = event.metadata { merged.merge(own) { $1 } }
        let fields = merged.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let line = LogLine(
            level: event.level, label: label, message: event.message.description, fields: fields, time: ProcessLog.now())
        writer.write(line.bytes(format))
    }
}
