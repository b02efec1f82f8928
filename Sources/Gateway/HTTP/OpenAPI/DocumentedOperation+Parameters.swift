import HTTPTypes
import RecordSchema

extension DocumentedOperation {
    /// The id in the path, the route's own parameters, one for each way to filter, and the headers.
    var parameters: [JSON] {
        var parameters: [JSON] = []
        if isAboutOneRecord {
            parameters.append([
                "name": "id", "in": "path", "required": true, "description": "The record's id.",
                "schema": ["type": "integer", "format": "int64", "minimum": 1, "maximum": .integer(.max)], "example": 1,
            ])
        }
        parameters += operation.parameters.map(parameter)
        if operation.takesFilters, let schemas { parameters += schemas.definition.columns.flatMap(filters) }
        parameters += operation.headers.map { header in
            ["name": .string(header.name), "in": "header", "required": false, "description": .string(header.summary),
             "schema": Self.schema(ofHeader: header.name)]
        }
        return parameters
    }

    private static func schema(ofHeader name: String) -> JSON {
        switch name {
        case "X-Kazi-Min-Seq": ["type": "integer", "format": "int64", "minimum": 0, "maximum": .integer(.max)]
        case IdempotencyHeader.name.canonicalName: ["type": "string", "minLength": 1, "maxLength": 255]
        default: ["type": "string"]
        }
    }

    private func parameter(_ parameter: Parameter) -> JSON {
        var schema = parameter.type.jsonSchema.objectValue ?? [:]
        if !parameter.defaultValue.isNull { schema["default"] = parameter.defaultValue }
        var members: JSONObject = [
            "name": .string(parameter.name), "in": "query", "required": false, "description": .string(parameter.summary),
        ]
        switch parameter.name {
        case ListRoute.sort.name:
            if let schemas { schema["enum"] = .array(schemas.sortNames.map { .string($0) }) }
        case "fields":
            guard let schemas else { break }
            schema = ["type": "array", "items": ["type": "string", "enum": .array(schemas.shownNames.map { .string($0) })]]
            members["style"] = "form"
            members["explode"] = false
        default: break
        }
        members["schema"] = .object(schema)
        if let example = parameter.example {
            // Words are looked for in what the collection's own example says.
            let isText = parameter.name == "q" || parameter.name == ListRoute.keyword.name
            members["example"] = isText ? .string(schemas?.exampleWords ?? "words") : example
        }
        return .object(members)
    }

    /// `salary_min`, `salary_min.gte` and so on.
    private func filters(_ column: FilterColumn) -> [JSON] {
        let scalar = CollectionSchemas.schema(of: column.type)
        let example = schemas?.exampleValue(of: column)
        func parameter(_ suffix: String, _ schema: JSON, _ summary: String, _ example: JSON?) -> JSON {
            var members: JSONObject = [
                "name": .string(column.name + suffix), "in": "query", "required": false, "description": .string(summary),
                "schema": schema,
            ]
            if schema.objectValue?["type"] == "array" {
                members["style"] = "form"
                members["explode"] = false
            }
            if let example { members["example"] = example }
            return .object(members)
        }
        let list: JSON = ["type": "array", "items": scalar, "minItems": 1]
        var parameters = [
            parameter("", scalar, "\(column.name) is this; more than once: one of these.", example),
            parameter(".eq", scalar, "\(column.name) is this.", nil),
            parameter(".ne", scalar, "\(column.name) is not this, or absent.", nil),
            parameter(".in", list, "\(column.name) is one of these.", nil),
            parameter(".nin", list, "\(column.name) is none of these, or absent.", nil),
        ]
        if column.type != .boolean {
            for (name, words) in [("gte", "at least"), ("gt", "more than"), ("lte", "at most"), ("lt", "less than")] {
                parameters.append(parameter("." + name, scalar, "\(column.name) is \(words) this.", nil))
            }
        }
        parameters.append(parameter(".exists", ["type": "boolean"], "Whether there is a \(column.name).", nil))
        return parameters
    }
}
