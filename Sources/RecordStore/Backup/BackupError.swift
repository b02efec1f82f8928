/// Why a backup was not made, or is not one, or was not restored. Whatever was there before is as it was.
public enum BackupError: Error, Sendable, Hashable {
    /// There is a file already, and it was not to be replaced.
    case fileExists(path: String)
    /// The file cannot be read; `detail` is the system's reason.
    case unreadable(path: String, detail: String)
    /// The copy is not what was copied: the disk, or memory, is at fault.
    case differs(copied: BackupSummary, found: BackupSummary)
    /// One backup at a time.
    case alreadyRunning
    /// The file is no database, another application's, damaged or of a newer release; or a file cannot be written; or
    /// a store has the directory open, or is closed; or the task was cancelled.
    case store(StoreError)
}

/// What a backup holds.
public struct BackupSummary: Sendable, Hashable {
    /// The store that it was made from.
    public var storeID: String
    /// The last write in it.
    public var headSeq: Int64
    /// How many live records each collection has, those included that were stored once and are declared no longer.
    public var recordCounts: [String: Int]
    /// Pages of `pageBytes` each.
    public var pageCount: Int
    public var pageBytes: Int

    public var byteCount: Int { pageCount * pageBytes }
}

/// How far a backup or a restore has come.
public struct BackupProgress: Sendable, Hashable {
    public enum Step: Sendable, Hashable { case copying, verifying }

    public var step: Step
    public var copiedPageCount: Int
    public var pageCount: Int
}
