import HTTPTypes
import RecordSchema
import ServiceRuntime

/// The OpenAPI 3.1 document of this gateway, built from the routes it serves and the collections it has.
///
/// A path with `{collection}` becomes a path for each collection, so that each has its own schemas, as in FastAPI.
struct OpenAPIDocument {
    let routes: [Route]
    let catalog: Catalog
    let vectorShapes: VectorShapes

    var json: JSON {
        var paths = JSONObject()
        for route in routes {
            for (path, definition) in expand(route) { add(route, at: path, definition, to: &paths) }
        }
        return .object([
            "openapi": "3.1.0",
            "info": .object([
                "title": "Kazi", "version": .string(KaziVersion.current),
                "description": "Semantic search over validated records.",
            ]),
            "paths": .object(paths),
            "components": .object(["schemas": .object(schemas)]),
        ])
    }

    /// The collections in the order of their names.
    private var definitions: [CollectionDefinition] { catalog.collections.values.sorted { $0.name < $1.name } }

    private func expand(_ route: Route) -> [(path: String, CollectionDefinition?)] {
        if route.path.contains("{collection}") {
            return definitions.filter { route.operation.body != .search || $0.isSearchable || $0.hasText }.map {
                (route.path.replacing("{collection}", with: $0.name), $0)
            }
        }
        if route.path.contains("{file}") {
            return definitions.flatMap { definition in
                ["csv", "ndjson"].map { (route.path.replacing("{file}", with: "\(definition.name).\($0)"), definition) }
            }
        }
        let isDefaultSearch = route.path == "/api/v1/search"
        return [(route.path, isDefaultSearch ? catalog.defaultName.flatMap { catalog.collections[$0] } : nil)]
    }

    private func add(_ route: Route, at path: String, _ definition: CollectionDefinition?, to paths: inout JSONObject) {
        let operation = route.operation
        let isExpanded = route.path != path
        var members: JSONObject = [
            "operationId": .string(operation.id + (isExpanded ? "_" + path.split(separator: "/").dropFirst(2).map { $0.replacing(".", with: "_") }.filter { !$0.hasPrefix("{") }.joined(separator: "_") : "")),
            "summary": .string(operation.summary),
            "tags": .array([.string(definition?.name ?? operation.tag)]),
        ]
        let parameters = parameters(of: route, definition)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = requestBody(operation.body, definition) { members["requestBody"] = body }
        members["responses"] = .object(responses(operation, path, definition))
        var item = paths[path]?.objectValue ?? [:]
        item[route.method.rawValue.lowercased()] = .object(members)
        paths[path] = .object(item)
    }

    // MARK: Parameters

    private func parameters(of route: Route, _ definition: CollectionDefinition?) -> [JSON] {
        var parameters: [JSON] = []
        if route.path.contains("{id}") {
            parameters.append(
                .object([
                    "name": "id", "in": "path", "required": true, "description": "The record's id.",
                    "schema": .object(["type": "integer"]),
                ]))
        }
        parameters += route.operation.parameters.map(Self.parameter)
        if route.operation.takesFilters, let definition { parameters += definition.columns.flatMap(Self.filters) }
        parameters += route.operation.headers.map { header in
            .object([
                "name": .string(header.name), "in": "header", "required": false, "description": .string(header.summary),
                "schema": .object(["type": "string"]),
            ])
        }
        return parameters
    }

    private static func parameter(_ parameter: Parameter) -> JSON {
        var schema = parameter.type.jsonSchema.objectValue ?? [:]
        if !parameter.defaultValue.isNull { schema["default"] = parameter.defaultValue }
        return .object([
            "name": .string(parameter.name), "in": "query", "required": false,
            "description": .string(parameter.summary), "schema": .object(schema),
        ])
    }

    private static func filters(_ column: FilterColumn) -> [JSON] {
        let schema: JSON =
            switch column.type {
            case .string: .object(["type": "string"])
            case .number: .object(["type": "number"])
            case .timestamp: .object(["type": "string", "format": "date-time"])
            case .boolean: .object(["type": "boolean"])
            }
        func parameter(_ suffix: String, _ schema: JSON, _ summary: String) -> JSON {
            .object([
                "name": .string(column.name + suffix), "in": "query", "required": false,
                "description": .string(summary), "schema": schema,
            ])
        }
        var parameters = [parameter("", schema, "\(column.name) is this.")]
        if column.type != .boolean {
            for (name, words) in [("gte", "at least"), ("gt", "more than"), ("lte", "at most"), ("lt", "less than")] {
                parameters.append(parameter("." + name, schema, "\(column.name) is \(words) this."))
            }
        }
        parameters.append(parameter(".ne", schema, "\(column.name) is not this, or absent."))
        parameters.append(parameter(".exists", .object(["type": "boolean"]), "Whether there is a \(column.name)."))
        return parameters
    }

    // MARK: Bodies

    private func requestBody(_ body: Operation.Body, _ definition: CollectionDefinition?) -> JSON? {
        guard let definition else { return nil }
        let input = Self.reference(definition.schemaName + "Input")
        func json(_ schema: JSON, also: [(String, JSON)] = [], type: String = "application/json") -> JSON {
            var content: JSONObject = [type: .object(["schema": schema])]
            for (type, schema) in also { content[type] = .object(["schema": schema]) }
            return .object(["required": true, "content": .object(content)])
        }
        switch body {
        case .none: return nil
        case .record: return json(input)
        case .mergePatch:
            return json(.object(["type": "object", "description": "Members to replace; null removes one."]))
        case .batch:
            return json(
                .object(["type": "array", "items": input, "maxItems": .integer(Int64(RecordService.batchRecordCountMax))]),
                also: [("application/x-ndjson", .object(["type": "string", "description": "A record a line."]))])
        case .search:
            var schema = SearchCommand.bodyType.jsonSchema
            guard var properties = schema["properties"]?.objectValue else { return nil }
            if let shape = vectorShapes[definition] {
                let count = JSON.integer(Int64(shape.dimension))
                properties["vector"] = .object([
                    "type": "array", "items": .object(["type": "number"]), "minItems": count, "maxItems": count,
                ])
            }
            properties["filter"] = .object(["type": "object", "description": "Field to value, or to operators."])
            for (name, summary) in SearchCommand.summaries {
                guard var property = properties[name]?.objectValue else { continue }
                property["description"] = .string(summary)
                properties[name] = .object(property)
            }
            schema["properties"] = .object(properties)
            return json(
                .object(schema),
                also: [("application/octet-stream", .object(["type": "string", "description": "The vector: float32, little-endian."]))])
        }
    }

    // MARK: Answers

    private func responses(_ operation: Operation, _ path: String, _ definition: CollectionDefinition?) -> JSONObject {
        var responses = JSONObject()
        for answer in operation.answers {
            var response: JSONObject = ["description": .string(answer.summary)]
            if let content = content(answer.content, path, definition) { response["content"] = .object(content) }
            responses[String(answer.status)] = .object(response)
        }
        for status in operation.failures.sorted() {
            responses[String(status)] = Self.failure(status)
        }
        responses["422"] = .object([
            "description": "Validation Error",
            "content": .object(["application/json": .object(["schema": Self.reference("HTTPValidationError")])]),
        ])
        responses["500"] = Self.failure(500)
        return responses
    }

    private static func failure(_ status: Int) -> JSON {
        let descriptions = [
            400: "A rule on the data's quality does not hold, or the request is no HTTP", 404: "Not Found",
            409: "Conflict", 412: "The record is another version", 413: "The body is too large",
            415: "The Content-Type is not served", 500: "Internal Server Error",
            503: "Something that is needed is down or overloaded; try again after Retry-After",
        ]
        let schema = reference(status == 400 ? "DataQualityError" : "ErrorDetail")
        return .object([
            "description": .string(descriptions[status] ?? "Error"),
            "content": .object(["application/json": .object(["schema": schema])]),
        ])
    }

    private func content(_ content: Operation.Content, _ path: String, _ definition: CollectionDefinition?) -> JSONObject? {
        func json(_ schema: JSON) -> JSONObject { ["application/json": .object(["schema": schema])] }
        func array(_ schema: JSON) -> JSON { .object(["type": "array", "items": schema]) }
        let record = definition.map { Self.reference($0.schemaName) } ?? .object(["type": "object"])
        switch content {
        case .none: return nil
        case .record: return json(record)
        case .records: return json(array(record))
        case .recordsOrPage:
            let page: JSON = .object([
                "type": "object", "required": .array(["items", "next_cursor"]),
                "properties": .object([
                    "items": array(record),
                    "next_cursor": .object(["anyOf": .array([.object(["type": "string"]), .object(["type": "null"])])]),
                ]),
            ])
            return json(.object(["anyOf": .array([array(record), page])]))
        case .hits:
            return json(
                array(.object([
                    "type": "object", "required": .array(["id", "score"]),
                    "properties": .object([
                        "id": .object(["type": "integer"]), "score": .object(["type": "number"]),
                    ]),
                ])))
        case .batchResults: return json(array(Self.reference("BatchResult")))
        case .collections: return json(Self.reference("Collections"))
        case .health: return json(Self.reference("Health"))
        case .liveness:
            return json(.object(["type": "object", "properties": .object(["status": .object(["const": "ok"])])]))
        case .openAPI: return json(.object(["type": "object"]))
        case .csv, .ndjson, .text:
            let type = path.hasSuffix(".csv") ? "text/csv" : path.hasSuffix(".ndjson") ? "application/x-ndjson" : "text/plain"
            return [type: .object(["schema": .object(["type": "string"])])]
        }
    }

    private static func reference(_ name: String) -> JSON { .object(["$ref": .string("#/components/schemas/\(name)")]) }
}
