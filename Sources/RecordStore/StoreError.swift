public import RecordSchema

/// Why the store could not be opened, or did not do what it was asked. Nothing was changed when one of these is thrown.
public enum StoreError: Error, Sendable, Hashable {
    // At opening.

    /// The data directory or a file in it cannot be made or written; `detail` is the system's reason.
    case unwritable(path: String, detail: String)
    /// The file is no SQLite database.
    case notADatabase(path: String)
    /// An SQLite database that another application made; it was left as it is.
    case foreignDatabase(path: String, applicationID: Int32)
    /// The file is damaged; `detail` is what SQLite or our own check found.
    case corrupt(path: String, detail: String)
    /// The file was written by a newer release: `migration` is the first step of its that this release does not know.
    case newerVersion(path: String, migration: String)
    /// Another process has the data directory open.
    case inUse(path: String)
    /// The collection's declaration cannot be stored at all.
    case unusableCollection(name: String, CollectionFault)
    /// The collection's declaration does not fit the rows that are stored.
    case incompatibleCollection(name: String, CollectionChange)

    // At a request.

    case unknownCollection(String)
    /// The collection has no filter column of this name, or none that this operation can use.
    case unknownField(String)
    /// The filter does not fit the collection's columns, or is too large.
    case invalidFilter(FilterError)
    case keywordTooLong(wordCount: Int, limit: Int)
    case tooManyRows(count: Int, limit: Int)
    /// `filterValues` has not one list for each filter column, or a value not of its column's type.
    case valuesDoNotFit(collection: String)
    case wrongDimension(expected: Int, actual: Int)
    /// The body of a record is larger than a row may be.
    case bodyTooLarge(bodyBytes: Int, limitBytes: Int)
    case notFound(id: Int64)
    /// The record is no longer the one the caller read. `nil`: there is none.
    case conflict(currentSeq: Int64?)
    /// Another live record has the natural key.
    case keyTaken(byID: Int64)
    /// The idempotency key was used before, for another request.
    case idempotencyKeyReused
    /// An all-or-nothing batch was not written, because of the operation at this index.
    indirect case batchFailed(index: Int, reason: StoreError)
    /// A queue is full. Nothing was written; the caller may try again after the interval.
    case busy(retryAfter: Duration)
    /// The disk is full, a sync failed, or the like: SQLite's extended result code. Nothing was written.
    case unavailable(sqliteCode: Int32)
    case closed
    /// The task that read was cancelled. (A write that has been accepted is never cancelled.)
    case cancelled
}

/// What is wrong with a declaration by itself.
public enum CollectionFault: Sendable, Hashable {
    /// 1...100 characters of `a-z 0-9 _ -`, the first a letter.
    case invalidName
    case declaredTwice
    case fieldDeclaredTwice(String)
    case tooManyColumns(count: Int, limit: Int)
    /// 1...65536.
    case invalidDimension(Int)
}

/// What changed in a declaration in a way that stored rows do not follow.
public enum CollectionChange: Sendable, Hashable {
    case columnType(field: String, stored: FilterTypeName, declared: FilterTypeName)
    case dimension(stored: Int?, declared: Int?)
    case metric(stored: String, declared: String)
    case model(stored: String?, declared: String?)
    /// Two live records have the same value of the new natural key.
    case duplicateKey(firstID: Int64, secondID: Int64)
    /// What is embedded changed, and no new vectors are to be made.
    case embeddedFields(stored: [String], declared: [String])
    /// The stored fields of so many records do not validate under the new declaration; the ids of the first ten.
    case recordsDoNotValidate(count: Int, firstIDs: [Int64])
}

/// A column's type as an error names it: `number`, `array of string`.
public typealias FilterTypeName = String
