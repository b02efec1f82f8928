import RecordSchema

extension OpenAPIDocument {
    /// What all collections share. The first two have FastAPI's names.
    static let sharedSchemas: JSONObject = [
        "HTTPValidationError": [
            "type": "object", "title": "HTTPValidationError", "required": ["detail"],
            "properties": [
                "detail": [
                    "type": "array", "items": ["$ref": "#/components/schemas/ValidationError"], "minItems": 1,
                ]
            ],
        ],
        "ValidationError": [
            "type": "object", "title": "ValidationError", "required": ["loc", "msg", "type", "input"],
            "properties": [
                "loc": [
                    "type": "array", "items": ["anyOf": [["type": "string"], ["type": "integer"]]], "title": "Location",
                ],
                "msg": ["type": "string", "title": "Message"],
                "type": ["type": "string", "title": "Error Type"],
                "input": ["description": "What was judged."],
                "ctx": ["type": "object", "description": "The limit that was broken, and the like."],
            ],
        ],
        "ErrorDetail": [
            "type": "object", "required": ["detail"],
            "properties": ["detail": ["type": "string", "description": "What is wrong, in a sentence."]],
        ],
        "InternalError": [
            "type": "object", "required": ["detail", "request_id"],
            "properties": [
                "detail": ["type": "string"],
                "request_id": ["type": "string", "description": "The same as `X-Request-ID`: what to look for in the log."],
            ],
        ],
        "DataQualityError": [
            "type": "object", "required": ["error", "message", "field"],
            "properties": [
                "error": ["type": "string", "const": "data_quality_error"],
                "message": ["type": "string", "description": "The rule's message."],
                "field": ["type": ["string", "null"], "description": "The field that the rule points at."],
            ],
        ],
        "BatchResult": [
            "type": "object", "required": ["status"],
            "description": "What became of one line: its status, and the members that the answer to a single write would have.",
            "properties": [
                "status": ["type": "integer", "description": "As of a single write: 201, 200, or why not."],
                "id": ["type": "integer", "description": "The record's."],
                "result": ["type": "string", "enum": ["created", "updated", "duplicate"]],
                "detail": [
                    "description": "Why the line was refused.",
                    "anyOf": [
                        ["type": "string"], ["type": "array", "items": ["$ref": "#/components/schemas/ValidationError"]],
                    ],
                ],
                "error": ["type": "string", "const": "data_quality_error"],
                "message": ["type": "string"], "field": ["type": ["string", "null"]],
            ],
        ],
        "Health": [
            "type": "object", "required": ["status", "database", "workers", "seq", "collections"],
            "properties": [
                "status": ["type": "string", "enum": ["ok", "degraded", "stopping"]],
                "database": ["type": "string", "enum": ["connected", "unavailable"]],
                "workers": [
                    "type": "object", "required": ["ready", "total"],
                    "properties": ["ready": ["type": "integer", "minimum": 0], "total": ["type": "integer", "minimum": 0]],
                ],
                "seq": ["type": "integer", "description": "The sequence number of the last write."],
                "reason": ["type": "string", "description": "What is wrong with the store."],
                "collections": [
                    "type": "object", "description": "The collections that can be searched.",
                    "additionalProperties": [
                        "type": "object", "required": ["shards", "lag"],
                        "properties": [
                            "shards": ["type": "string", "description": "Shards that a ready worker holds, of all."],
                            "lag": [
                                "type": ["integer", "null"],
                                "description": "Sequence numbers that the slowest is behind; null without full coverage.",
                            ],
                            "stalled": ["type": "boolean", "description": "It is behind and does not follow."],
                            "full": ["type": "boolean", "description": "Its workers have no memory for all of it."],
                        ],
                    ],
                ],
            ],
        ],
        "Liveness": [
            "type": "object", "required": ["status"], "properties": ["status": ["type": "string", "const": "ok"]],
        ],
    ]
}
