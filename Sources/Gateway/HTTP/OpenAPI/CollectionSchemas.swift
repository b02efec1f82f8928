import RecordSchema
import WireProtocol

/// The schemas of one collection: its record as it is sent, shown, changed, listed, found and searched for.
struct CollectionSchemas {
    /// The suffixes of the schemas' names. No shared schema ends with one of them, so that no two names are the same.
    enum Part: String {
        case input = "Input"
        case record = "Record"
        case patch = "Patch"
        case page = "Page"
        case hit = "Hit"
        case search = "Search"
        case filter = "Filter"
    }

    let definition: CollectionDefinition
    /// `nil`: it has no vectors.
    let shape: VectorShape?
    /// A valid record as it is sent, and as validation leaves it; `nil` where none could be made.
    let example: JSONObject?
    let validExample: JSONObject?

    init(definition: CollectionDefinition, shape: VectorShape?) {
        self.definition = definition
        self.shape = shape
        let example = ExampleRecord(of: definition)
        self.example = example?.sent
        validExample = example?.stored
    }

    func reference(_ part: Part) -> JSON { ["$ref": .string("#/components/schemas/\(name(part))")] }

    /// `JobsInput`. An underscore before a letter becomes a capital, another stays, so that collections that differ in
    /// underscores alone do not share a name.
    private func name(_ part: Part) -> String {
        var name = ""
        // The first letter is a capital as if an underscore stood before it.
        var followsUnderscore = true
        for character in definition.name {
            if character.isLowercase {
                name += followsUnderscore ? character.uppercased() : String(character)
            } else {
                if followsUnderscore { name += "_" }
                if character != "_" { name.append(character) }
            }
            followsUnderscore = character == "_"
        }
        return name + (followsUnderscore ? "_" : "") + part.rawValue
    }

    var components: [(String, JSONObject)] {
        var components = [
            (name(.input), input), (name(.record), record), (name(.patch), patch), (name(.page), page),
        ]
        if shape != nil || definition.hasText {
            components += [(name(.hit), hit), (name(.search), search), (name(.filter), filter)]
        }
        return components
    }

    // MARK: Sent

    /// Whether records bring their own vectors.
    var bringsVectors: Bool {
        if case .vector = definition.embeddingSource { true } else { false }
    }

    private var input: JSONObject {
        var schema = Self.titled(definition, definition.type.jsonSchema)
        var properties = schema["properties"]?.objectValue ?? [:]
        if bringsVectors, let vector {
            properties["vector"] = vector
            schema["required"] = .array((schema["required"]?.arrayValue ?? []) + ["vector"])
        }
        schema["properties"] = .object(annotated(properties))
        return schema
    }

    /// What a merge patch may say: any field, and null for those that may be absent.
    private var patch: JSONObject {
        var schema = Self.patch(of: definition.type)
        var properties = schema["properties"]?.objectValue ?? [:]
        if bringsVectors, let vector { properties["vector"] = vector }
        schema["properties"] = .object(annotated(properties))
        schema["description"] = "Members to replace; null removes one. The record as a whole is judged after the change."
        return schema
    }

    private static func patch(of type: ObjectType) -> JSONObject {
        var properties = JSONObject()
        for field in type.fields {
            let base: JSON =
                switch field.type {
                case .object(let type), .nullable(.object(let type)): .object(patch(of: type))
                case .nullable(let type): type.jsonSchema
                default: field.type.jsonSchema
                }
            let mayBeAbsent: Bool
            if case .nullable = field.type { mayBeAbsent = true } else { mayBeAbsent = !field.isRequired }
            properties[field.name] = mayBeAbsent && field.type != .any ? ["anyOf": [base, ["type": "null"]]] : base
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if type.refusesUnknownFields { schema["additionalProperties"] = false }
        return schema
    }

    /// The components are float32: what rounds to infinity is none. For a cosine one of them must not be zero.
    var vector: JSON? {
        guard let shape else { return nil }
        let count = JSON.integer(Int64(shape.dimension))
        // The first double that rounds to infinity: the largest float32 and half of its last place more.
        let limit = 0x1.ffffffp127
        var schema: JSONObject = [
            "type": "array",
            "items": ["type": "number", "exclusiveMinimum": .number(-limit), "exclusiveMaximum": .number(limit)],
            "minItems": count, "maxItems": count,
        ]
        if shape.metric == .cosine {
            schema["contains"] = ["anyOf": [["exclusiveMinimum": 0], ["exclusiveMaximum": 0]]]
        }
        return .object(schema)
    }

    // MARK: Shown

    /// Every declared field is there, absent ones as null, unless the record was written before an optional field was declared.
    private var record: JSONObject {
        let properties = shownProperties
        let required = ["id"] + definition.fields.filter(\.isRequired).map(\.name) + ["created_at", "updated_at"]
        return Self.titled(
            definition,
            [
                "type": "object", "properties": .object(properties),
                "required": .array(required.map(JSON.string)),
            ])
    }

    private var shownProperties: JSONObject {
        let dateTime: JSON = ["type": "string", "format": "date-time"]
        var fields = JSONObject()
        for field in definition.fields { fields[field.name] = shownType(of: field).jsonSchema }
        var properties: JSONObject = ["id": ["type": "integer", "format": "int64"]]
        for member in annotated(fields).members { properties[member.key] = member.value }
        properties["created_at"] = dateTime
        properties["updated_at"] = dateTime
        if bringsVectors, let vector { properties["vector"] = vector }
        return properties
    }

    /// Lengths and patterns are checked before white space is trimmed, so what is shown may be less than what may be sent.
    private func shownType(of field: Field) -> FieldType {
        guard definition.trimmedFields.contains(field.name) else { return field.type }
        if case .nullable = field.type { return .nullable(.string) }
        return .string
    }

    private var page: JSONObject {
        [
            "type": "object", "required": ["items", "next_cursor"],
            "properties": [
                "items": ["type": "array", "items": reference(.record)],
                "next_cursor": [
                    "type": ["string", "null"], "description": "The `cursor` of the next page; null: this is the last.",
                ],
            ],
        ]
    }

    /// With `fields`, only those are there, beside `id` and `score`.
    private var hit: JSONObject {
        var properties = shownProperties
        if let vector { properties["vector"] = vector }
        properties["score"] = [
            "type": "number", "description": "Similarity by the collection's metric, or the rank of a search by words; larger is better.",
        ]
        return ["type": "object", "required": ["id", "score"], "properties": .object(properties)]
    }

    // MARK: Parts

    private static func titled(_ definition: CollectionDefinition, _ schema: JSONObject) -> JSONObject {
        var titled = JSONObject()
        if let title = definition.title { titled["title"] = .string(title) }
        if let description = definition.description { titled["description"] = .string(description) }
        for member in schema.members { titled[member.key] = member.value }
        return titled
    }

    /// The properties with what the collection file says about them beside their types.
    private func annotated(_ properties: JSONObject) -> JSONObject {
        let declared = definition.schema["properties"]?.objectValue ?? [:]
        return JSONObject(
            properties.members.map { member in
                guard var schema = member.value.objectValue else { return (member.key, member.value) }
                for keyword in ["title", "description", "deprecated"] {
                    if let value = declared[member.key]?.objectValue?[keyword] { schema[keyword] = value }
                }
                return (member.key, .object(schema))
            })
    }

    /// What a value to filter with looks like.
    static func schema(of type: FilterType) -> JSON {
        switch type {
        case .string: ["type": "string"]
        case .number: ["type": "number"]
        case .timestamp: ["type": "string", "format": "date-time"]
        case .boolean: ["type": "boolean"]
        }
    }
}

extension CollectionDefinition {
    /// Whether it can be searched by words.
    var hasText: Bool { fields.contains { $0.type.holdsText } }
}
