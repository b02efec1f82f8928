import RecordSchema

extension CollectionSchemas {
    /// The example as the API shows it.
    var shownExample: JSONObject? {
        guard let validExample else { return nil }
        var shown: JSONObject = ["id": 1]
        for member in validExample.members { shown[member.key] = member.value }
        shown["created_at"] = "2025-11-25T09:30:00Z"
        shown["updated_at"] = "2025-11-25T09:30:00Z"
        return shown
    }

    var hitExample: JSONObject? {
        guard var hit = shownExample else { return nil }
        hit["score"] = 0.71
        return hit
    }

    /// One field of the example, so that the change is as valid as the whole.
    var patchExample: JSONObject? {
        guard let example, let member = example.members.first(where: { $0.key != "vector" }) else { return nil }
        return [member.key: member.value]
    }

    /// A value of the example to filter with.
    func exampleValue(of column: FilterColumn) -> JSON? {
        switch example?[column.name] {
        case .array(let elements)?: elements.first
        case .null?, nil: nil
        case let value?: value
        }
    }

    /// Searches that the collection answers, one for each way to search it.
    var searchExamples: JSONObject {
        var examples = JSONObject()
        let filter: JSON? = definition.columns.lazy.compactMap { column in
            exampleValue(of: column).map { [column.name: $0] }
        }.first
        if definition.needsModel {
            var search: JSONObject = ["text": .string(exampleWords), "top_k": 10]
            if let filter { search["filter"] = filter }
            examples["text"] = DocumentedOperation.example("By meaning, among the records that pass a filter", .object(search))
            examples["hybrid"] = DocumentedOperation.example(
                "By meaning and by words", ["text": .string(exampleWords), "mode": "hybrid"])
        }
        if definition.hasText {
            examples["words"] = DocumentedOperation.example(
                "By words", ["text": .string(exampleWords), "mode": "keyword", "top_k": 10])
        }
        if shape != nil {
            if bringsVectors, let vector = example?["vector"] {
                examples["vector"] = DocumentedOperation.example("By vector", ["vector": vector, "top_k": 10])
            }
            examples["like"] = DocumentedOperation.example("Like a record", ["like": 1, "top_k": 5])
        }
        return examples
    }

    /// Words of the example: the first text that is embedded, or that there is.
    var exampleWords: String {
        let names =
            if case .text(let fields) = definition.embeddingSource { fields } else { definition.fields.map(\.name) }
        return names.lazy.compactMap { example?[$0]?.stringValue }.first { !$0.isEmpty } ?? "words"
    }
}
