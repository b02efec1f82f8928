import RecordSchema

extension OpenAPIDocument {
    /// `components.schemas`: each collection's record as it is sent and as it is shown, and what all routes share.
    var schemas: JSONObject {
        var schemas = Self.sharedSchemas
        for definition in catalog.collections.values.sorted(by: { $0.name < $1.name }) {
            schemas[definition.schemaName + "Input"] = .object(input(definition))
            schemas[definition.schemaName] = .object(Self.output(definition))
        }
        return schemas
    }

    /// A record as a client sends it.
    private func input(_ definition: CollectionDefinition) -> JSONObject {
        var properties = JSONObject()
        for field in definition.fields {
            var schema = Self.schema(of: field)
            if !field.isRequired, !field.defaultValue.isNull { schema["default"] = field.defaultValue }
            properties[field.name] = .object(schema)
        }
        var required = definition.fields.filter(\.isRequired).map { JSON.string($0.name) }
        if case .vector(let dimension, _) = definition.embeddingSource {
            let count = JSON.integer(Int64(dimension))
            properties["vector"] = .object([
                "type": "array", "items": .object(["type": "number"]), "minItems": count, "maxItems": count,
            ])
            required.append("vector")
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required) }
        if let title = definition.title { schema["title"] = .string(title) }
        if let description = definition.description { schema["description"] = .string(description) }
        if definition.type.refusesUnknownFields { schema["additionalProperties"] = false }
        return schema
    }

    /// A record as it is shown: every declared field is there, absent ones as null.
    private static func output(_ definition: CollectionDefinition) -> JSONObject {
        let dateTime: JSON = .object(["type": "string", "format": "date-time"])
        var properties: JSONObject = ["id": .object(["type": "integer"])]
        for field in definition.fields { properties[field.name] = .object(shownSchema(of: field)) }
        properties["created_at"] = dateTime
        properties["updated_at"] = dateTime
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.members.map { .string($0.key) }),
        ]
    }

    /// An optional field takes null as well.
    private static func schema(of field: Field) -> JSONObject {
        let type: FieldType =
            switch field.type {
            case .nullable, .any: field.type
            default: field.isRequired ? field.type : .nullable(field.type)
            }
        return type.jsonSchema.objectValue ?? [:]
    }

    /// Lengths are checked before white space is trimmed, so what is shown may be shorter than what may be sent.
    private static func shownSchema(of field: Field) -> JSONObject {
        var shown = field
        switch field.type {
        case .string: shown.type = .string
        case .nullable(.string): shown.type = .nullable(.string)
        default: break
        }
        return schema(of: shown)
    }

    private static let sharedSchemas: JSONObject = [
        "ValidationError": .object([
            "type": "object", "required": .array(["loc", "msg", "type"]),
            "properties": .object([
                "loc": .object([
                    "type": "array",
                    "items": .object(["anyOf": .array([.object(["type": "string"]), .object(["type": "integer"])])]),
                ]),
                "msg": .object(["type": "string"]), "type": .object(["type": "string"]),
                "input": .object([:]), "ctx": .object(["type": "object"]),
            ]),
        ]),
        "HTTPValidationError": .object([
            "type": "object",
            "properties": .object([
                "detail": .object([
                    "type": "array", "items": .object(["$ref": "#/components/schemas/ValidationError"]),
                ])
            ]),
        ]),
        "ErrorDetail": .object([
            "type": "object", "required": .array(["detail"]),
            "properties": .object([
                "detail": .object(["type": "string"]), "request_id": .object(["type": "string"]),
            ]),
        ]),
        "DataQualityError": .object([
            "type": "object",
            "properties": .object([
                "error": .object(["const": "data_quality_error"]), "message": .object(["type": "string"]),
                "field": .object(["anyOf": .array([.object(["type": "string"]), .object(["type": "null"])])]),
                "detail": .object(["type": "string"]),
            ]),
        ]),
        "BatchResult": .object([
            "type": "object", "required": .array(["status"]),
            "properties": .object([
                "status": .object(["type": "integer"]), "id": .object(["type": "integer"]),
                "result": .object(["enum": .array(["created", "updated", "duplicate"])]),
                "detail": .object([:]),
            ]),
        ]),
        "Collections": CollectionsRoute.schema,
        "Health": .object([
            "type": "object", "required": .array(["status", "database", "workers"]),
            "properties": .object([
                "status": .object(["enum": .array(["ok", "degraded"])]),
                "database": .object(["enum": .array(["connected", "unavailable"])]),
                "workers": .object(["type": "object"]), "seq": .object(["type": "integer"]),
                "collections": .object(["type": "object"]),
            ]),
        ]),
    ]
}

extension CollectionDefinition {
    /// The name of its record's schema: `Jobs` for `jobs`.
    var schemaName: String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Whether it can be searched by words.
    var hasText: Bool { fields.contains { $0.type.holdsText } }
}
