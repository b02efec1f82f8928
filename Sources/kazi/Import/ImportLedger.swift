import Foundation
import RecordSchema

/// What an import has done so far.
struct ImportCounts: Sendable, Equatable {
    var created = 0
    var updated = 0
    var duplicates = 0
    var refused = 0

    /// Records with an outcome.
    var total: Int { created + updated + duplicates + refused }

    mutating func add(_ outcome: LineOutcome) {
        switch outcome {
        case .created: created += 1
        case .updated: updated += 1
        case .duplicate: duplicates += 1
        case .refused: refused += 1
        }
    }

    /// `250 records read: 248 created, 0 updated, 1 duplicate, 1 refused; 0.5 s, 500 records/s`
    func summary(elapsed: Duration) -> String {
        let rate = elapsed > .zero ? Double(total) / elapsed.inSeconds : 0
        func number(_ count: Int) -> String { ProgressLine.grouped(count) }
        return "\(number(total)) \(total == 1 ? "record" : "records") read: \(number(created)) created, "
            + "\(number(updated)) updated, \(number(duplicates)) \(duplicates == 1 ? "duplicate" : "duplicates"), "
            + "\(number(refused)) refused; \((elapsed.inSeconds * 10).rounded() / 10) s, "
            + "\(number(Int(rate.rounded()))) records/s"
    }
}

/// Keeps the counts of a running import, writes refused lines to the errors file, and draws the progress.
actor ImportLedger {
    private(set) var counts = ImportCounts()
    private var errors: ImportErrorFile
    private let fileBytes: Int64?
    private var fileBytesDone: Int64 = 0
    private var meter = ProgressMeter()
    private var line: ProgressLine?
    private let start = ContinuousClock.now

    init(errorsPath: String, fileBytes: Int64?, showsProgress: Bool) {
        errors = ImportErrorFile(path: errorsPath)
        self.fileBytes = fileBytes
        line = showsProgress ? ProgressLine() : nil
    }

    var elapsed: Duration { ContinuousClock.now - start }

    /// - Parameter outcomes: One for each entry of the batch, in order.
    func record(_ batch: RecordBatch, _ outcomes: [LineOutcome]) throws {
        for refusal in batch.refusals {
            counts.refused += 1
            try errors.append(lineNumber: refusal.lineNumber, status: nil, ["detail": .string(refusal.reason)], refusal.input)
        }
        for (entry, outcome) in zip(batch.entries, outcomes) {
            counts.add(outcome)
            if case .refused(let status, let detail) = outcome {
                try errors.append(lineNumber: entry.lineNumber, status: status, detail, entry.json)
            }
        }
        try errors.flush()
        // Batches end out of order; what was read when the latest of them was cut is close enough for a bar.
        fileBytesDone = max(fileBytesDone, batch.fileBytesRead)
        meter.record(time: elapsed, itemCount: counts.total, fraction: fraction)
        line?.show(meter, at: elapsed)
    }

    private var fraction: Double? {
        guard let fileBytes, fileBytes > 0 else { return nil }
        return min(1, Double(fileBytesDone) / Double(fileBytes))
    }

    /// Draws the progress before the first batch is through, which can take a while.
    func showStart() {
        guard Terminal.standardErrorIsTerminal else { return }
        line?.show(meter, at: elapsed)
    }

    /// Removes the progress from the terminal.
    func clearLine() { line?.clear() }
}
