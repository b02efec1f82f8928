import Foundation
import GRDB

/// Tables of vectors that nobody reads any more. Dropping one with a million rows would hold the writer for seconds, so
/// it only gets another name at first, and is emptied a few rows at a time between other work.
enum RetiredTable {
    private static let stepRowCount = 500
    private static let find = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%:retired-%' LIMIT 1"

    /// - Parameter table: The table's quoted name.
    static func retire(_ table: String, of collection: String, _ db: Database) throws {
        try db.run("ALTER TABLE \(table) RENAME TO \"\(collection):retired-\(UUID().uuidString.lowercased())\"")
    }

    static func exists(_ db: Database) throws -> Bool { try !db.texts(find).isEmpty }

    /// Deletes a few rows, or a table that is empty.
    ///
    /// - Returns: Whether there is more to do.
    static func sweep(_ db: Database) throws -> Bool {
        guard let name = try db.texts(find).first else { return false }
        try db.run(
            "DELETE FROM \"\(name)\" WHERE id IN (SELECT id FROM \"\(name)\" ORDER BY id LIMIT \(stepRowCount))")
        if db.changesCount < stepRowCount { try db.run("DROP TABLE \"\(name)\"") }
        return true
    }
}
