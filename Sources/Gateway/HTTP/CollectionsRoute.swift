import HTTPTypes
import Hummingbird
import RecordSchema
import WireProtocol

/// `GET /api/v1/collections`: which collections there are, and how each can be searched and filtered. Made once, since
/// collections are fixed at start.
struct CollectionsRoute: Sendable {
    private let answer: JSON

    init(_ catalog: Catalog, _ vectorShapes: VectorShapes) {
        let collections = catalog.collections.values.sorted { $0.name < $1.name }
        answer = .object([
            "default": catalog.defaultName.map(JSON.string) ?? .null,
            "collections": .array(collections.map { Self.description(of: $0, vectorShapes[$0]) }),
        ])
    }

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/collections",
                Operation(
                    id: "collections", tag: "service", summary: "The collections, and how each can be searched and filtered.",
                    answers: [
                        (200, .json(schema: Self.schema, example: answer), "The collections in the order of their names")
                    ]),
                { [body = answer.serialized()] _, _ in .json(.ok, body) })
        ]
    }

    /// Of the answer, for the OpenAPI document.
    static let schema: JSON = {
        let text: JSON = .object(["type": "string"])
        let names: JSON = .object(["type": "array", "items": text])
        func orNull(_ schema: JSON) -> JSON { .object(["anyOf": .array([schema, .object(["type": "null"])])]) }
        func object(_ properties: JSONObject) -> JSON {
            .object([
                "type": "object", "required": .array(properties.members.map { .string($0.key) }),
                "properties": .object(properties),
            ])
        }
        func list(_ properties: JSONObject) -> JSON { .object(["type": "array", "items": object(properties)]) }
        let modes: JSON = .array(SearchCommand.Mode.allCases.map { .string($0.rawValue) })
        let types: JSON = .array(FilterType.allCases.map { .string($0.rawValue) })
        return object([
            "default": orNull(text),
            "collections": list([
                "name": text, "title": orNull(text), "description": orNull(text),
                "modes": .object(["type": "array", "items": .object(["enum": modes])]),
                "vector": orNull(object(["dimension": .object(["type": "integer"]), "metric": text])),
                "embed": names, "key": names,
                "fields": list([
                    "name": text, "required": .object(["type": "boolean"]), "schema": .object(["type": "object"]),
                ]),
                "filters": list([
                    "name": text, "type": .object(["enum": types]), "array": .object(["type": "boolean"]),
                    "values": orNull(.object(["type": "array", "items": .object([:])])),
                ]),
            ]),
        ])
    }()

    private static func description(of definition: CollectionDefinition, _ shape: VectorShape?) -> JSON {
        .object([
            "name": .string(definition.name),
            "title": definition.title.map(JSON.string) ?? .null,
            "description": definition.description.map(JSON.string) ?? .null,
            "modes": .array(definition.searchModes.map { .string($0.rawValue) }),
            "vector": shape.map {
                .object(["dimension": .integer(Int64($0.dimension)), "metric": .string($0.metric.rawValue)])
            } ?? .null,
            "embed": .array(definition.embeddedFields.map(JSON.string)),
            "key": .array(definition.keyFields.map(JSON.string)),
            "fields": .array(definition.fields.map { field in
                .object([
                    "name": .string(field.name), "required": .boolean(field.isRequired), "schema": field.type.jsonSchema,
                ])
            }),
            "filters": .array(definition.columns.map { filter($0, of: definition) }),
        ])
    }

    private static func filter(_ column: FilterColumn, of definition: CollectionDefinition) -> JSON {
        let type = definition.fields.first { $0.name == column.name }?.type
        return .object([
            "name": .string(column.name), "type": .string(column.type.rawValue), "array": .boolean(column.isArray),
            "values": type?.choices.map(JSON.array) ?? .null,
        ])
    }
}

extension CollectionDefinition {
    /// The modes in which a text can be searched for, the default first; empty where records have neither meaning nor
    /// words.
    fileprivate var searchModes: [SearchCommand.Mode] {
        let hasText = fields.contains { $0.type.holdsText }
        if needsModel { return hasText ? [.semantic, .hybrid, .keyword] : [.semantic] }
        return hasText ? [.keyword] : []
    }

    fileprivate var embeddedFields: [String] {
        if case .text(let fields) = embeddingSource { fields } else { [] }
    }
}

extension FieldType {
    /// The values that are allowed, where they are listed; of an array, those of its elements.
    fileprivate var choices: [JSON]? {
        switch self {
        case .choice(let choice): choice.values
        case .array(let element, _), .nullable(let element): element.choices
        default: nil
        }
    }
}
