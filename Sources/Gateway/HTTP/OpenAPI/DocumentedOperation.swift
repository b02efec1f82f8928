import RecordSchema

/// One operation of the OpenAPI document: a route at one path, for one collection where the path has one.
struct DocumentedOperation {
    let route: Route
    let path: String
    let idSuffix: String
    /// What a record is there; `nil` where the route is about no collection.
    let schemas: CollectionSchemas?
    /// The security schemes of which one is wanted; none: it is open.
    let credentials: [String]

    var operation: Operation { route.operation }

    /// The collection, for what is below its path, else what the route says.
    var tag: String { idSuffix.isEmpty ? operation.tag : schemas?.definition.name ?? operation.tag }

    var json: JSONObject {
        var members: JSONObject = [
            "operationId": .string(operation.id + idSuffix), "summary": .string(operation.summary), "tags": [.string(tag)],
        ]
        let parameters = self.parameters
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = requestBody { members["requestBody"] = body }
        members["responses"] = .object(responses)
        if !credentials.isEmpty { members["security"] = .array(credentials.map { .object([$0: []]) }) }
        return members
    }

    /// Whether the path names one record.
    var isAboutOneRecord: Bool { path.contains("{id}") }

    static func reference(_ schema: String) -> JSON { ["$ref": .string("#/components/schemas/\(schema)")] }

    /// `content` with one media type.
    static func content(_ type: String, _ schema: JSON, examples: JSONObject = [:]) -> JSONObject {
        [type: media(schema, examples)]
    }

    static func media(_ schema: JSON, _ examples: JSONObject) -> JSON {
        var media: JSONObject = ["schema": schema]
        if !examples.isEmpty { media["examples"] = .object(examples) }
        return .object(media)
    }

    /// An entry of `examples`.
    static func example(_ summary: String, _ value: JSON) -> JSON { ["summary": .string(summary), "value": value] }
}
