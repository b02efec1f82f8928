import GRDB
import GRDBSQLite

/// A value as a statement takes it.
enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])
}

/// A prepared statement of one connection, bound and stepped by hand.
///
/// GRDB's own rows go through a value object for each column and cut text at a NUL. Here bodies and vectors pass
/// between SQLite's memory and one array in a single copy. It lives within one `Database.using` call, on the
/// connection's queue.
@safe struct SQLStatement {
    // Owns the pointer and finalizes it.
    private let owner: Statement
    private let pointer: OpaquePointer

    fileprivate init(_ owner: Statement) {
        self.owner = owner
        unsafe pointer = owner.sqliteStatement
    }

    // MARK: Arguments, from 1

    func bind(_ value: Int64, at index: Int) throws {
        try check(unsafe sqlite3_bind_int64(pointer, Int32(index), value))
    }

    func bind(_ value: Double, at index: Int) throws {
        try check(unsafe sqlite3_bind_double(pointer, Int32(index), value))
    }

    func bindNull(at index: Int) throws {
        try check(unsafe sqlite3_bind_null(pointer, Int32(index)))
    }

    /// - Parameter utf8: Valid UTF-8.
    func bind(text utf8: [UInt8], at index: Int) throws {
        try check(unsafe utf8.withUnsafeBytes { bytes in
            // A null address would bind NULL: an empty array may have one, so an empty text gets an address of its own.
            // SQLite copies the bytes before the call returns (transient), so nothing outlives the closure.
            guard let base = bytes.baseAddress else {
                return unsafe sqlite3_bind_text64(pointer, Int32(index), "", 0, transient, UInt8(SQLITE_UTF8))
            }
            return unsafe sqlite3_bind_text64(
                pointer, Int32(index), base.assumingMemoryBound(to: CChar.self), UInt64(bytes.count), transient,
                UInt8(SQLITE_UTF8))
        })
    }

    func bind(blob: [UInt8], at index: Int) throws {
        try check(unsafe blob.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return unsafe sqlite3_bind_zeroblob(pointer, Int32(index), 0) }
            return unsafe sqlite3_bind_blob64(pointer, Int32(index), base, UInt64(bytes.count), transient)
        })
    }

    func bind(_ value: SQLValue, at index: Int) throws {
        switch value {
        case .null: try bindNull(at: index)
        case .integer(let value): try bind(value, at: index)
        case .real(let value): try bind(value, at: index)
        case .text(let value): try bind(text: value, at: index)
        case .blob(let value): try bind(blob: value, at: index)
        }
    }

    /// Binds the values one after another, the first at `index`.
    func bind(_ values: [SQLValue], from index: Int = 1) throws {
        for (offset, value) in values.enumerated() { try bind(value, at: index + offset) }
    }

    // MARK: Rows

    /// `true`: there is a row to read. `false`: the statement is done.
    func step() throws -> Bool {
        switch unsafe sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    /// Runs a statement that gives no rows.
    func run() throws {
        while try step() {}
    }

    /// Back to before the first row; arguments stay bound.
    func reset() {
        // It repeats the code of the last step, which has been handled.
        _ = unsafe sqlite3_reset(pointer)
    }

    // MARK: Columns of the row, from 0

    func int64(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(pointer, Int32(column)) }

    func double(_ column: Int) -> Double { unsafe sqlite3_column_double(pointer, Int32(column)) }

    func isNull(_ column: Int) -> Bool { unsafe sqlite3_column_type(pointer, Int32(column)) == SQLITE_NULL }

    /// The bytes of a text or blob; empty for NULL.
    func bytes(_ column: Int) -> [UInt8] {
        // The blob call comes first: it fixes the form of the value that the length is then asked of. The memory is
        // SQLite's until the next step, and is copied here.
        guard let base = unsafe sqlite3_column_blob(pointer, Int32(column)) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(pointer, Int32(column)))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }

    func text(_ column: Int) -> String {
        guard let base = unsafe sqlite3_column_text(pointer, Int32(column)) else { return "" }
        let count = Int(unsafe sqlite3_column_bytes(pointer, Int32(column)))
        return unsafe String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
    }

    /// Appends a blob of little-endian floats; `false`, and nothing appended, when it has not `count` of them.
    func appendFloats(_ column: Int, count: Int, to floats: inout [Float]) -> Bool {
        guard let base = unsafe sqlite3_column_blob(pointer, Int32(column)),
            Int(unsafe sqlite3_column_bytes(pointer, Int32(column))) == count * MemoryLayout<Float>.stride
        else { return false }
        #if _endian(big)
        #error("vectors are little-endian in the database and would need their bytes turned here")
        #endif
        let start = floats.count
        floats.append(contentsOf: repeatElement(0, count: count))
        unsafe floats.withUnsafeMutableBytes { bytes in
            // Both sides have `count` floats, by the check above and by the append. A blob has no alignment.
            unsafe bytes[(start * 4)...].copyBytes(from: UnsafeRawBufferPointer(start: base, count: count * 4))
        }
        return true
    }

    // MARK: -

    fileprivate func finish() {
        reset()
        // Lets go of bodies and vectors; a cached statement would keep the last ones for ever.
        _ = unsafe sqlite3_clear_bindings(pointer)
    }

    private func check(_ code: Int32) throws {
        if code != SQLITE_OK { throw error(code) }
    }

    /// With SQLite's message, which names tables and columns; without the statement's arguments, which are a user's data.
    private func error(_ code: Int32) -> DatabaseError {
        let message = unsafe sqlite3_errmsg(sqlite3_db_handle(pointer)).map { unsafe String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

/// Tells SQLite to copy what is bound before the call returns.
private var transient: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

extension Database {
    /// Lends a prepared statement to `body`, and resets it afterwards.
    ///
    /// - Parameter cached: Whether the connection keeps the compiled statement: only for the fixed set of statements of a
    ///   collection, since nothing is ever dropped from that cache.
    func using<Value>(
        _ sql: String, cached: Bool = true, _ body: (SQLStatement) throws -> Value
    ) throws -> Value {
        let statement = SQLStatement(cached ? try cachedStatement(sql: sql) : try makeStatement(sql: sql))
        defer { statement.finish() }
        return try body(statement)
    }

    /// The first column of the first row, as an integer.
    func integer(_ sql: String, _ arguments: [SQLValue] = [], cached: Bool = false) throws -> Int64? {
        try using(sql, cached: cached) { statement in
            try statement.bind(arguments)
            return try statement.step() && !statement.isNull(0) ? statement.int64(0) : nil
        }
    }

    /// The first column of every row, as text.
    func texts(_ sql: String, _ arguments: [SQLValue] = []) throws -> [String] {
        try using(sql, cached: false) { statement in
            try statement.bind(arguments)
            var texts: [String] = []
            while try statement.step() { texts.append(statement.text(0)) }
            return texts
        }
    }

    /// Runs one statement that gives no rows.
    func run(_ sql: String, _ arguments: [SQLValue] = [], cached: Bool = false) throws {
        try using(sql, cached: cached) { statement in
            try statement.bind(arguments)
            try statement.run()
        }
    }
}
