import ArgumentParser
import RecordSchema

/// `--filter` as it is typed: `source=linkedin`, `salary_min.gte=100000`, `location.in=Nairobi,Mombasa`.
enum FilterArgument {
    private static let operators: Set<String> = ["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "exists"]

    /// All conditions as the `filter` of a search. Values stay strings: the gateway types them by their field.
    ///
    /// - Throws: `ValidationError` for a text without `=` or the same operator on a field twice.
    static func filter(_ arguments: [String]) throws -> JSONObject {
        var filter = JSONObject()
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                throw ValidationError("--filter takes field=value or field.operator=value, not '\(argument)'")
            }
            let (field, operation) = split(String(argument[..<equals]))
            let text = String(argument[argument.index(after: equals)...])
            var conditions = filter[field]?.objectValue ?? JSONObject()
            guard conditions[operation] == nil else {
                throw ValidationError("--filter names \(field).\(operation) twice; \(field).in=a,b takes several values")
            }
            conditions[operation] = value(text, operation)
            filter[field] = .object(conditions)
        }
        return filter
    }

    /// A dot is part of the name unless an operator comes after it.
    private static func split(_ key: String) -> (field: String, operation: String) {
        guard let dot = key.lastIndex(of: "."), dot != key.startIndex,
            operators.contains(String(key[key.index(after: dot)...]))
        else { return (key, "eq") }
        return (String(key[..<dot]), String(key[key.index(after: dot)...]))
    }

    private static func value(_ text: String, _ operation: String) -> JSON {
        switch operation {
        case "in", "nin":
            .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) })
        case "exists" where text == "true" || text == "false": .boolean(text == "true")
        default: .string(text)
        }
    }
}
