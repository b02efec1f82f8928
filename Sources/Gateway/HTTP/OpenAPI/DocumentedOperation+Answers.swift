import RecordSchema

extension DocumentedOperation {
    /// Every status that the operation answers with, in the order of the statuses.
    var responses: JSONObject {
        var responses: [Int: JSONObject] = [:]
        for answer in operation.answers {
            var response: JSONObject = ["description": .string(answer.summary)]
            let own = answer.status < 400 ? operation.answerHeaders : []
            response["headers"] = Self.headers(own + [.requestID])
            let content = content(answer.content, status: answer.status)
            if !content.isEmpty { response["content"] = .object(content) }
            if answer.status < 300, let links { response["links"] = .object(links) }
            responses[answer.status] = response
        }
        for status in failures where responses[status] == nil { responses[status] = Self.failure(status) }
        return JSONObject(responses.sorted { $0.key < $1.key }.map { (String($0.key), .object($0.value)) })
    }

    private static func headers(_ headers: [AnswerHeader]) -> JSON {
        .object(JSONObject(headers.map { ($0.rawValue, $0.reference) }))
    }

    // MARK: Failures

    /// Those that the route declares, as far as they can happen at this path, and those of every route.
    private var failures: [Int] {
        var failures = Set(operation.failures + [422, 500])
        // What is not public may be turned away under load.
        if route.access != .public { failures.insert(503) }
        if schemas?.definition.rules.contains(where: { $0.failure == .dataQuality }) != true { failures.remove(400) }
        // A path with a collection's name in it exists; a record in it may not, nor one that others shall be like.
        let mayMissRecord = isAboutOneRecord || operation.answers.contains { $0.content == .hits }
        if !mayMissRecord, schemas != nil { failures.remove(404) }
        if !credentials.isEmpty { failures.formUnion([401, 403]) }
        return failures.sorted()
    }

    private static func failure(_ status: Int) -> JSONObject {
        let descriptions = [
            400: "A rule on the data's quality does not hold", 401: "Who are you?", 403: "Not allowed", 404: "Not Found",
            409: "Another request changed the record at the same time, or another record has this natural key",
            412: "The record is another version", 413: "The body is too large",
            415: "The Content-Type is not served", 422: "Validation Error", 429: "Too many requests",
            500: "Internal Server Error",
            503: "Something that is needed is down or overloaded; nothing was stored",
        ]
        var headers: [AnswerHeader] = [.requestID]
        switch status {
        case 401, 403: headers.append(.wwwAuthenticate)
        case 429: headers += [.retryAfter, .rateLimitLimit, .rateLimitRemaining, .rateLimitReset]
        case 503: headers.append(.retryAfter)
        default: break
        }
        let schema =
            switch status {
            case 400: "DataQualityError"
            case 422: "HTTPValidationError"
            case 500: "InternalError"
            default: "ErrorDetail"
            }
        return [
            "description": .string(descriptions[status] ?? "Error"), "headers": Self.headers(headers),
            "content": .object(content("application/json", reference(schema))),
        ]
    }

    // MARK: Success

    private func content(_ content: Operation.Content, status: Int) -> JSONObject {
        func json(_ schema: JSON, _ example: JSON? = nil) -> JSONObject {
            Self.content("application/json", schema, examples: Self.examples("answer", "An answer", example))
        }
        func array(_ schema: JSON) -> JSON { ["type": "array", "items": schema] }
        let record = schemas?.reference(.record) ?? ["type": "object"]
        let example = schemas?.shownExample.map(JSON.object)
        switch content {
        case .none: return [:]
        case .record: return json(record, example)
        case .records: return json(array(record), example.map { [$0] })
        case .recordsOrPage:
            guard let schemas else { return json(array(record)) }
            var examples = Self.examples("list", "A list", example.map { [$0] })
            if let example {
                examples["page"] = Self.example("With cursor, a page", ["items": [example], "next_cursor": .null])
            }
            return Self.content(
                "application/json", ["anyOf": [array(record), schemas.reference(.page)]], examples: examples)
        case .hits:
            guard let schemas else { return json(array(["type": "object"])) }
            return json(array(schemas.reference(.hit)), schemas.hitExample.map { [.object($0)] })
        case .batchResults:
            return json(
                array(Self.reference("BatchResult")), [["status": 201, "id": 1, "result": "created"]])
        case .health:
            return status == 200 ? json(Self.reference("Health"), Self.healthExample) : json(Self.reference("Health"))
        case .liveness: return json(Self.reference("Liveness"), ["status": "ok"])
        case .openAPI: return json(["type": "object"])
        case .csv, .ndjson:
            let type = path.hasSuffix(".csv") ? "text/csv" : "application/x-ndjson"
            return Self.content(type, ["type": "string"])
        case .text: return Self.content("text/plain", ["type": "string"])
        case .html: return Self.content("text/html", ["type": "string"])
        case .json(let schema, let example): return json(schema, example)
        }
    }

    private static let healthExample: JSON = [
        "status": "ok", "database": "connected", "workers": ["ready": 1, "total": 1], "seq": 1_234,
        "collections": ["jobs": ["shards": "1/1", "lag": 0]],
    ]

    // MARK: Links

    /// What can be done with a record whose id an answer tells.
    private var links: JSONObject? {
        guard let name = schemas?.definition.name, operation.answers.contains(where: { $0.content == .record || $0.content == .batchResults })
        else { return nil }
        func link(_ operationID: String, _ description: String, id: String) -> JSON {
            [
                "operationId": .string("\(operationID)_\(name)"), "description": .string(description),
                "parameters": ["id": .string(id)],
            ]
        }
        if operation.body == .batch {
            return ["first": link("read", "Reads the first record of the batch.", id: "$response.body#/0/id")]
        }
        let id = "$response.body#/id"
        return [
            "read": link("read", "Reads the record.", id: id), "replace": link("replace", "Replaces the record.", id: id),
            "merge": link("merge", "Changes fields of the record.", id: id),
            "delete": link("delete", "Deletes the record.", id: id),
        ]
    }
}
