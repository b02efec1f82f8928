import ArgumentParser
import RecordSchema

/// Which column feeds which field (`--map field=column`), and fields that are the same in every record (`--set`).
///
/// A column that is mapped goes under its field alone; the others go under their own names, unless a mapping or a
/// constant has the name.
struct FieldMapping: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let field: String
        let column: String
    }

    struct Constant: Sendable, Equatable {
        let field: String
        let value: String
    }

    private(set) var columns: [Column] = []
    private(set) var constants: [Constant] = []

    static let none = FieldMapping(columns: [])

    init(columns: [Column] = [], constants: [Constant] = []) {
        self.columns = columns
        self.constants = constants
    }

    /// - Throws: `ValidationError` for a text without `=`, an empty field, or a field named twice.
    init(map: [String], set: [String]) throws {
        for text in map {
            let (field, column) = try Self.split(text, flag: "--map", form: "field=column")
            columns.append(Column(field: field, column: column))
        }
        for text in set {
            let (field, value) = try Self.split(text, flag: "--set", form: "field=value")
            constants.append(Constant(field: field, value: value))
        }
        var seen: Set<String> = []
        for field in columns.map(\.field) + constants.map(\.field) where !seen.insert(field).inserted {
            throw ValidationError("--map and --set name the field '\(field)' twice")
        }
    }

    private static func split(_ text: String, flag: String, form: String) throws -> (String, String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("\(flag) takes \(form), not '\(text)'")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    var isIdentity: Bool { columns.isEmpty && constants.isEmpty }

    /// The fields that a mapping or a constant fills.
    private var ownFields: Set<String> { Set(columns.map(\.field) + constants.map(\.field)) }

    /// The object with its members renamed, dropped and added as the mapping says.
    func applied(to object: JSONObject) -> JSONObject {
        let ownFields = ownFields
        let mappedColumns = Set(columns.map(\.column))
        var result = JSONObject()
        for member in object.members where !mappedColumns.contains(member.key) && !ownFields.contains(member.key) {
            result[member.key] = member.value
        }
        for column in columns {
            if let value = object[column.column] { result[column.field] = value }
        }
        for constant in constants { result[constant.field] = .string(constant.value) }
        return result
    }

    /// For a header row: the field that each column feeds, several, or none.
    func fields(forHeader header: [String]) throws(ImportFileError) -> [[String]] {
        var fields = [[String]](repeating: [], count: header.count)
        let ownFields = ownFields
        let mappedColumns = Set(columns.map(\.column))
        var indices: [String: Int] = [:]
        for (index, name) in header.enumerated() where !name.isEmpty {
            guard indices.updateValue(index, forKey: name) == nil else { throw .repeatedColumn(name) }
            if !mappedColumns.contains(name) && !ownFields.contains(name) { fields[index] = [name] }
        }
        for column in columns {
            guard let index = indices[column.column] else { throw .unknownColumn(column.column, available: header) }
            fields[index].append(column.field)
        }
        return fields
    }
}
