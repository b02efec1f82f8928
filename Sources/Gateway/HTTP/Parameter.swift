import RecordSchema

/// A query parameter: one declaration from which it is read, judged and documented.
struct Parameter: Sendable {
    let name: String
    let type: FieldType
    /// One sentence for the OpenAPI document.
    let summary: String
    /// What an absent parameter becomes.
    var defaultValue: JSON = .null
    /// A value that is valid whatever the other parameters are; none where that depends on the collection.
    var example: JSON?
}

extension Parameter {
    static func flag(_ name: String, _ summary: String) -> Parameter {
        Parameter(name: name, type: .boolean, summary: summary, defaultValue: false)
    }

    static func integer(_ name: String, _ range: ClosedRange<Int64>, default value: Int64, _ summary: String) -> Parameter {
        Parameter(name: name, type: .integer(range), summary: summary, defaultValue: .integer(value))
    }
}
