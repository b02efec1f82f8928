import RecordSchema
import RecordStore

/// A record's stored body under a declaration that may have changed since it was written.
enum StoredBody {
    /// What the store derives from the body, if it is valid under the declaration as it is now.
    ///
    /// - Throws: When it is not; what is wrong with it is told by nobody, since the store tells how many there are and which.
    static func derive(_ body: [UInt8], _ definition: CollectionDefinition?) throws -> DerivedValues {
        guard let definition, let stored = try? JSON(parsing: body), case .object(let fields) = stored else {
            throw Invalid()
        }
        switch definition.validate(stored, now: WallClock.microseconds()) {
        case .success: break
        case .failure(.invalid(let issues)):
            guard issues.allSatisfy({ isExpected($0, definition) }) else { throw Invalid() }
        case .failure(.dataQuality): throw Invalid()
        }
        return DerivedValues(filterValues: definition.filterValues(of: fields), key: definition.key(of: fields))
    }

    private struct Invalid: Error {}

    /// Whether a valid record looks so once it is stored: a trimmed text may be shorter than the limit that it met before it
    /// was trimmed, and a vector is kept beside the body.
    private static func isExpected(_ issue: ValidationIssue, _ definition: CollectionDefinition) -> Bool {
        guard issue.loc.count == 2, case .key(let field) = issue.loc[1] else { return false }
        if issue.type == "string_too_short" { return definition.trimmedFields.contains(field) }
        return issue.type == "missing" && field == "vector" && !definition.needsModel
    }
}
