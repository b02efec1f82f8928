import Dispatch
import Foundation
import GRDB
import NIOConcurrencyHelpers

extension RecordStore {
    /// Copies the store, as it is at one moment, into a file: records, vectors, idempotency keys, API keys and users.
    /// Reads and writes go on meanwhile.
    ///
    /// The copy is made beside `path` under a temporary name, read back and compared, put on disk, and only then named
    /// `path`: a file of that name is always whole. Only its owner may read it.
    ///
    /// - Parameters:
    ///   - replacing: Whether a file that is there may be replaced.
    ///   - progress: Called now and then, from a thread of the backup's own.
    /// - Returns: What the backup holds.
    public func backup(
        to path: String, replacing: Bool = false, progress: @Sendable @escaping (BackupProgress) -> Void = { _ in }
    ) async throws(BackupError) -> BackupSummary {
        let isFirst = state.withLockedValue { state in
            defer { state.isBackingUp = true }
            return !state.isBackingUp
        }
        guard isFirst else { throw .alreadyRunning }
        defer { state.withLockedValue { $0.isBackingUp = false } }
        let isCancelled = NIOLockedValueBox(false)
        // Minutes of blocking work do not belong on the threads that tasks share.
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<BackupSummary, BackupError>, Never>) in
                DispatchQueue(label: "kazi.backup", qos: .utility).async {
                    continuation.resume(
                        returning: Result { () throws(BackupError) in
                            try Self.writeBackup(of: self.databasePath, to: path, replacing: replacing) { step in
                                if isCancelled.withLockedValue({ $0 }) { throw StoreError.cancelled }
                                if self.state.withLockedValue({ $0.queue.isClosed }) { throw StoreError.closed }
                                progress(step)
                            }
                        })
                }
            }
        } onCancel: {
            isCancelled.withLockedValue { $0 = true }
        }
        return try result.get()
    }

    /// Reads a backup and compares it with itself, as `integrityCheck` does with the store; blocks.
    ///
    /// - Returns: What it holds.
    public static func verifyBackup(at path: String) throws(BackupError) -> BackupSummary {
        try BackupFile.verify(path)
    }

    /// The same for the store in a directory, whether another process has it open or not; blocks.
    ///
    /// - Parameter progress: What it throws ends the backup.
    public static func backup(
        ofDirectory directory: String, to path: String, replacing: Bool = false,
        progress: @escaping (BackupProgress) throws -> Void = { _ in }
    ) throws(BackupError) -> BackupSummary {
        try writeBackup(of: directory + "/kazi.sqlite", to: path, replacing: replacing, progress: progress)
    }

    private static func writeBackup(
        of databasePath: String, to path: String, replacing: Bool, progress: @escaping (BackupProgress) throws -> Void
    ) throws(BackupError) -> BackupSummary {
        if !replacing, BackupFile.exists(path) { throw .fileExists(path: path) }
        let temporary = path + ".\(UUID().uuidString.lowercased()).partial"
        try BackupFile.create(temporary)
        defer { BackupFile.remove(temporary) }
        do {
            // A connection of its own: the store's few readers stay with the requests.
            let source = try BackupFile.openForReading(databasePath)
            defer { try? source.close() }
            let copied = try BackupFile.copy(from: source, to: temporary, progress: progress)
            try progress(
                BackupProgress(step: .verifying, copiedPageCount: copied.pageCount, pageCount: copied.pageCount))
            let found = try BackupFile.verify(temporary)
            guard found == copied else { throw BackupError.differs(copied: copied, found: found) }
            try SystemCall.sync(temporary)
            try progress(
                BackupProgress(step: .verifying, copiedPageCount: copied.pageCount, pageCount: copied.pageCount))
            try BackupFile.publish(temporary, as: path, replacing: replacing)
            return found
        } catch {
            throw BackupError(error, path: temporary)
        }
    }
}
