import RecordSchema

extension CollectionSchemas {
    /// The names that `fields` of a search may have.
    var shownNames: [String] {
        ["id"] + definition.fields.map(\.name) + ["created_at", "updated_at", "score"] + (shape == nil ? [] : ["vector"])
    }

    /// The values of `sort`.
    var sortNames: [String] {
        let names = ["id", "created_at", "updated_at"] + definition.columns.filter { !$0.isArray }.map(\.name)
        return names.flatMap { [$0, "-" + $0] }
    }

    /// A search's body: its members, and which of them may come together.
    var search: JSONObject {
        var schema = SearchCommand.bodyType.jsonSchema
        var properties = schema["properties"]?.objectValue ?? [:]
        properties["vector"] = vector.map { ["anyOf": [$0, ["type": "null"]]] } ?? ["type": "null"]
        properties["filter"] = ["anyOf": [reference(.filter), ["type": "null"]]]
        properties["fields"] = [
            "anyOf": [
                [
                    "type": "array", "items": ["type": "string", "enum": .array(shownNames.map { .string($0) })],
                    "maxItems": .integer(Int64(SearchCommand.fieldCountMax)),
                ],
                ["type": "null"],
            ]
        ]
        for (name, summary) in SearchCommand.summaries {
            guard var property = properties[name]?.objectValue else { continue }
            property["description"] = .string(summary)
            properties[name] = .object(property)
        }
        schema["properties"] = .object(properties)
        schema["oneOf"] = .array(sources)
        return schema
    }

    /// Exactly one of text, vector and like, and the modes that go with it. Null is as good as absent.
    private var sources: [JSON] {
        func source(_ name: String, _ title: String, modes: [SearchCommand.Mode], namesMode: Bool = false) -> JSON {
            var properties = JSONObject(["text", "vector", "like"].filter { $0 != name }.map { ($0, ["type": "null"]) })
            properties[name] = ["not": ["type": "null"]]
            properties["mode"] = ["enum": .array(modes.map { .string($0.rawValue) })]
            return [
                "title": .string(title), "required": .array([.string(name)] + (namesMode ? ["mode"] : [])),
                "properties": .object(properties),
            ]
        }
        var sources: [JSON] = []
        if definition.needsModel {
            sources.append(source("text", "By text", modes: SearchCommand.Mode.allCases))
        } else if definition.hasText {
            sources.append(source("text", "By words", modes: [.keyword], namesMode: true))
        }
        if shape != nil {
            sources.append(source("vector", "By vector", modes: [.semantic]))
            sources.append(source("like", "Like a record", modes: [.semantic]))
        }
        return sources
    }

    /// The filter language over the collection's columns.
    var filter: JSONObject {
        var properties = JSONObject()
        for column in definition.columns {
            properties[column.name] = ["anyOf": [Self.schema(of: column.type), ["type": "null"], operators(column)]]
        }
        let filters: JSON = ["type": "array", "items": reference(.filter)]
        properties["all"] = filters
        properties["any"] = filters
        properties["not"] = reference(.filter)
        return [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
            "description": "A field to a value, to null, or to operators; all of them have to hold.",
        ]
    }

    private func operators(_ column: FilterColumn) -> JSON {
        let scalar = Self.schema(of: column.type)
        let scalarOrNull: JSON = ["anyOf": [scalar, ["type": "null"]]]
        let list: JSON = ["type": "array", "items": scalar]
        var properties: JSONObject = ["eq": scalarOrNull, "ne": scalarOrNull, "in": list, "nin": list]
        if column.type != .boolean {
            for name in ["gt", "gte", "lt", "lte"] { properties[name] = scalar }
        }
        properties["exists"] = ["type": "boolean"]
        return [
            "type": "object", "properties": .object(properties), "additionalProperties": false, "minProperties": 1,
        ]
    }

    /// A vector as the whole body.
    var binaryVector: JSON {
        let byteCount = (shape?.dimension ?? 0) * 4
        return [
            "type": "string", "format": "binary", "minLength": .integer(Int64(byteCount)),
            "maxLength": .integer(Int64(byteCount)),
            "description": .string(
                "The vector: float32, little-endian, \(byteCount) bytes. The rest of the search is then in the query, as in `GET /api/v1/search`."),
        ]
    }
}
