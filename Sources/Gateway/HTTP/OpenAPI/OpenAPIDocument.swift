import HTTPTypes
import RecordSchema
import ServiceRuntime

/// The OpenAPI 3.1 document of this gateway, built from the routes it serves and the collections it has.
///
/// A path with `{collection}` becomes a path for each collection, so that each has its own schemas, as in FastAPI. What an
/// operation is, is in `DocumentedOperation`; what a record of a collection is, in `CollectionSchemas`.
struct OpenAPIDocument {
    let routes: [Route]
    let catalog: Catalog
    let vectorShapes: VectorShapes
    var requiredCredentials = Operation.RequiredCredentials.none

    var json: JSON {
        let operations = self.operations
        var paths = JSONObject()
        for operation in operations {
            var item = paths[operation.path]?.objectValue ?? ["parameters": [Self.requestIDParameter]]
            item[operation.route.method.rawValue.lowercased()] = .object(operation.json)
            paths[operation.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Kazi", "version": .string(KaziVersion.current),
                "summary": "Semantic search over validated records.",
                "description": .string(Self.description),
            ],
            "servers": [["url": "/", "description": "The gateway that served this document."]],
            "tags": tags(of: operations),
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas), "headers": .object(Self.headers),
                "parameters": ["RequestID": .object(Self.requestID)],
                "securitySchemes": .object(securitySchemes),
            ],
        ]
    }

    private static let description = """
        Records are validated as Pydantic v2 validates them in its lax mode: numbers and times may come as text, all errors \
        of a body are told at once, absent optional fields are stored as null. Times are RFC 3339 in UTC.

        Every path answers `HEAD` where it answers `GET`, and `OPTIONS` with the methods it has. What no operation \
        below lists may still come from any of them: 400 for what is no HTTP, 405 with `Allow` for another method, and 408, 414, \
        429 or 431 from the limits that protect the service.
        """

    /// The collections in the order of their names.
    private var definitions: [CollectionDefinition] { catalog.collections.values.sorted { $0.name < $1.name } }

    // MARK: Operations

    private var operations: [DocumentedOperation] {
        let schemas = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, self.schemas(of: $0)) })
        let credentials = securitySchemes.members.map(\.key)
        return routes.flatMap { route in
            places(of: route).map { place in
                DocumentedOperation(
                    route: route, path: place.path, idSuffix: place.idSuffix,
                    schemas: place.definition.flatMap { schemas[$0.name] },
                    credentials: requiredCredentials.cover(route.access) ? credentials : [])
            }
        }
    }

    private struct Place {
        let path: String
        /// What is appended to the route's `operationId`.
        var idSuffix = ""
        var definition: CollectionDefinition?
    }

    /// The paths that a route stands for.
    private func places(of route: Route) -> [Place] {
        if route.path.contains("{collection}") {
            let suitable = definitions.filter { route.operation.body != .search || $0.isSearchable || $0.hasText }
            return suitable.map {
                Place(path: route.path.replacing("{collection}", with: $0.name), idSuffix: "_" + $0.name, definition: $0)
            }
        }
        if route.path.contains("{file}") {
            return definitions.flatMap { definition in
                ["csv", "ndjson"].map { format in
                    Place(
                        path: route.path.replacing("{file}", with: "\(definition.name).\(format)"),
                        idSuffix: "_\(definition.name)_\(format)", definition: definition)
                }
            }
        }
        guard route.operation.answers.contains(where: { $0.content == .hits }) else { return [Place(path: route.path)] }
        // A search that names no collection is one of the default collection, where there is such.
        guard let definition = catalog.defaultName.flatMap({ catalog.collections[$0] }) else { return [] }
        return [Place(path: route.path, definition: definition)]
    }

    // MARK: Tags

    private static let tagDescriptions: [String: String] = [
        "search": "Searches of the default collection.",
        "records": "All collections at once.",
        "service": "What the gateway says of itself.",
        "access": "Who a request is from.",
        "admin": "For operators.",
    ]

    /// The tags that are in use: the collections, then the others.
    private func tags(of operations: [DocumentedOperation]) -> JSON {
        var names: [String] = []
        for operation in operations where !names.contains(operation.tag) { names.append(operation.tag) }
        let collections = definitions.map(\.name).filter(names.contains)
        let tags = (collections + names.filter { !collections.contains($0) }).map { name -> JSON in
            var tag: JSONObject = ["name": .string(name)]
            let description = catalog.collections[name].map { $0.description ?? "The collection `\(name)`." }
            if let text = description ?? Self.tagDescriptions[name] { tag["description"] = .string(text) }
            return .object(tag)
        }
        return .array(tags)
    }

    // MARK: Components

    private func schemas(of definition: CollectionDefinition) -> CollectionSchemas {
        CollectionSchemas(definition: definition, shape: vectorShapes[definition])
    }

    private var schemas: JSONObject {
        var schemas = Self.sharedSchemas
        for definition in definitions {
            for (name, schema) in self.schemas(of: definition).components { schemas[name] = .object(schema) }
        }
        return schemas
    }

    private static var headers: JSONObject {
        JSONObject(AnswerHeader.allCases.map { ($0.rawValue, $0.json) })
    }

    private static let requestIDParameter: JSON = ["$ref": "#/components/parameters/RequestID"]

    private static let requestID: JSONObject = [
        "name": "X-Request-ID", "in": "header", "required": false,
        "description": "The request's identifier in answers and logs: 1 to 128 of `A-Z a-z 0-9 . _ : / -`. Without it, or with another, one is made.",
        "schema": ["type": "string"], "example": "5f2b9c01d4e87a36",
    ]

    /// The ways to say who a request is from. A password can be exchanged for a token where there is a path for it.
    private var securitySchemes: JSONObject {
        var schemes: JSONObject = [
            "APIKey": [
                "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key made by `kazi keys`.",
            ],
            "Bearer": [
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token from `/auth/token`.",
            ],
        ]
        if routes.contains(where: { $0.path == "/auth/token" }) {
            schemes["Password"] = [
                "type": "oauth2", "description": "A user's name and password.",
                "flows": ["password": ["tokenUrl": "/auth/token", "scopes": [:]]],
            ]
        }
        return schemes
    }
}
