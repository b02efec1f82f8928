import RecordSchema

extension DocumentedOperation {
    /// The body of a request, in each form that is taken.
    var requestBody: JSON? {
        switch operation.body {
        case .none: nil
        case .json(let schema, let example): Self.body(json(schema, "An example", example))
        case .form(let schema, let example):
            Self.body(
                Self.content(
                    "application/x-www-form-urlencoded", schema, examples: Self.examples("form", "An example", example)))
        case .record, .mergePatch, .batch, .search: schemas.flatMap(bodyOfRecords)
        }
    }

    private func bodyOfRecords(_ schemas: CollectionSchemas) -> JSON? {
        switch operation.body {
        case .none, .json, .form: return nil
        case .record:
            return Self.body(json(schemas.reference(.input), "A record", schemas.example.map(JSON.object)))
        case .mergePatch:
            return Self.body(json(schemas.reference(.patch), "A change of one field", schemas.patchExample.map(JSON.object)))
        case .batch:
            let records: JSON = [
                "type": "array", "items": schemas.reference(.input),
                "maxItems": .integer(Int64(RecordService.batchRecordCountMax)),
            ]
            var content = json(records, "One record", schemas.example.map { [.object($0)] })
            let line = schemas.example.map { JSON.string(String(decoding: JSON.object($0).serialized(), as: UTF8.self) + "\n") }
            content["application/x-ndjson"] = Self.media(
                ["type": "string", "description": "A record a line."], Self.examples("record", "One line", line))
            return Self.body(content)
        case .search:
            var content = Self.content(
                "application/json", schemas.reference(.search), examples: schemas.searchExamples)
            if schemas.shape != nil { content["application/octet-stream"] = ["schema": schemas.binaryVector] }
            return Self.body(content)
        }
    }

    private static func body(_ content: JSONObject) -> JSON { ["required": true, "content": .object(content)] }

    private func json(_ schema: JSON, _ summary: String, _ example: JSON?) -> JSONObject {
        Self.content("application/json", schema, examples: Self.examples("record", summary, example))
    }

    static func examples(_ name: String, _ summary: String, _ value: JSON?) -> JSONObject {
        guard let value else { return [:] }
        return [name: example(summary, value)]
    }
}
