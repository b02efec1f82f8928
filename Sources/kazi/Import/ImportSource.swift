import Dispatch

/// Hands out the batches of one file to however many senders ask. Reads and cuts on a thread of its own, and only when
/// it is asked, so that what is in memory is what is being sent.
actor ImportSource {
    private let executor = SerialQueueExecutor(label: "import-source")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    struct Settings: Sendable {
        var path: String
        /// `nil`: found out from the name and the beginning of the file.
        var format: ImportFormat?
        var delimiter: UInt8?
        var hasQuotes = true
        var mapping = FieldMapping.none
        var batchRecordCount = 500
    }

    private let settings: Settings
    private let file: InputFile
    /// Records that were cut and not handed out yet: those of one chunk at most.
    private var lines: [ParsedLine] = []
    private var nextLineIndex = 0
    private var parser: (any RecordParser)?
    private var fileBytesRead: Int64 = 0
    private var hasEnded = false
    /// Why the rest cannot be read; told after what came before it was handed out.
    private var failure: ImportFileError?

    /// The whole size of the file, where it is known.
    nonisolated let sizeBytes: Int64?

    init(_ settings: Settings) throws(ImportFileError) {
        self.settings = settings
        file = try InputFile(path: settings.path)
        sizeBytes = file.sizeBytes
    }

    /// The next records, in the order of the file; `nil` at its end. What came before a pause of the input is handed
    /// out without waiting for a full batch.
    func nextBatch() throws -> RecordBatch? {
        var batch = RecordBatch()
        while true {
            while nextLineIndex < lines.count, !batch.isFull(recordCount: settings.batchRecordCount) {
                batch.append(lines[nextLineIndex])
                nextLineIndex += 1
            }
            batch.fileBytesRead = fileBytesRead
            if batch.isFull(recordCount: settings.batchRecordCount) { return batch }
            lines.removeAll(keepingCapacity: true)
            nextLineIndex = 0
            if hasEnded {
                if !batch.isEmpty { return batch }
                if let failure { throw failure }
                return nil
            }
            try Task.checkCancellation()
            if try readChunk() == .paused, !batch.isEmpty { return batch }
        }
    }

    private enum ReadOutcome { case progressed, paused }

    private func readChunk() throws -> ReadOutcome {
        do throws(ImportFileError) {
            switch try file.read() {
            case .pause: return .paused
            case .bytes(let bytes): try take(bytes)
            case .end: try end()
            }
        } catch {
            failure = error
            hasEnded = true
        }
        return .progressed
    }

    private func take(_ bytes: [UInt8]) throws(ImportFileError) {
        var chunk = bytes[...]
        if fileBytesRead == 0, chunk.starts(with: [0xEF, 0xBB, 0xBF]) { chunk = chunk.dropFirst(3) }
        fileBytesRead += Int64(bytes.count)
        var parser = self.parser ?? makeParser(beginning: chunk)
        defer { self.parser = parser }
        try parser.consume(chunk, into: &lines)
    }

    private func end() throws(ImportFileError) {
        hasEnded = true
        guard var parser else { return }
        try parser.finish(into: &lines)
    }

    private func makeParser(beginning: ArraySlice<UInt8>) -> any RecordParser {
        let format = settings.format ?? ImportFormat(fileName: settings.path) ?? ImportFormat(beginning: beginning)
        return format.parser(delimiter: settings.delimiter, hasQuotes: settings.hasQuotes, mapping: settings.mapping)
    }
}

/// Runs an actor's jobs on one dispatch queue, so that blocking calls hold up no thread of the concurrency pool.
final class SerialQueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
