import RecordSchema

extension OpenAPIDocument {
    /// What `/auth`, `/admin` and the stats answer.
    static let serviceSchemas: JSONObject = [
        "PasswordForm": [
            "type": "object", "required": ["username", "password"],
            "properties": [
                "grant_type": ["type": "string", "const": "password"],
                "username": ["type": "string", "minLength": 1, "maxLength": 256],
                "password": ["type": "string", "minLength": 1, "maxLength": 1024, "format": "password"],
                "scope": ["type": "string", "description": "Not used: a token has the user's roles."],
                "client_id": ["type": "string", "description": "Not used."],
                "client_secret": ["type": "string", "description": "Not used."],
            ],
        ],
        "Token": [
            "type": "object", "required": ["access_token", "token_type", "expires_in"],
            "properties": [
                "access_token": ["type": "string"], "token_type": ["type": "string", "const": "bearer"],
                "expires_in": ["type": "integer", "minimum": 1, "description": "Seconds."],
            ],
        ],
        "Profile": [
            "type": "object", "required": ["user_id", "roles"],
            "properties": [
                "user_id": ["type": "string"],
                "roles": ["type": "array", "items": ["type": "string", "enum": ["reader", "writer", "admin"]]],
            ],
        ],
        "Stats": .object(stats),
        "AdminStats": .object(adminStats),
        "ClusterState": [
            "type": "object", "required": ["workers", "collections", "pending_searches"],
            "properties": [
                "workers": ["type": "array", "items": worker],
                "collections": [
                    "type": "object",
                    "additionalProperties": [
                        "type": "object", "required": ["shards", "seq", "lag"],
                        "properties": [
                            "shards": ["type": "string"], "seq": ["type": "integer"], "lag": ["type": ["integer", "null"]],
                        ],
                    ],
                ],
                "pending_searches": count,
            ],
        ],
    ]

    private static let count: JSON = ["type": "integer", "minimum": 0]

    /// Beside these there is `total_<name>` for each collection.
    private static let stats: JSONObject = [
        "type": "object", "required": ["total_sources", "collections"],
        "properties": [
            "total_sources": ["type": "integer", "minimum": 0, "description": "Different values of the field `source`."],
            "collections": [
                "type": "object",
                "additionalProperties": [
                    "type": "object", "required": ["total", "distinct"],
                    "properties": [
                        "total": count,
                        "distinct": [
                            "type": "object", "additionalProperties": count,
                            "description": "Different values of each filter field of text.",
                        ],
                    ],
                ],
            ],
        ],
        "patternProperties": ["^total_": count],
    ]

    private static var adminStats: JSONObject {
        var schema = stats
        var properties = schema["properties"]?.objectValue ?? [:]
        properties["counted_seconds_ago"] = count
        properties["version"] = ["type": "string"]
        properties["store"] = ["type": "object", "additionalProperties": count]
        schema["properties"] = .object(properties)
        schema["required"] = ["total_sources", "collections", "counted_seconds_ago", "version", "store"]
        return schema
    }

    private static let worker: JSON = [
        "type": "object", "required": ["id", "address", "state", "latency_ms", "memory_bytes", "replicas"],
        "properties": [
            "id": ["type": "string"], "address": ["type": "string"], "version": ["type": "string"],
            "state": ["type": "string", "enum": ["alive", "suspect", "disconnected", "departed"]],
            "silence_ms": ["type": "number", "description": "Since its last sign of life."],
            "latency_ms": ["type": ["number", "null"], "description": "Moving average; null before its first answer."],
            "in_flight": count, "in_flight_max": count, "answered": count, "failed": count, "memory_bytes": count,
            "replicas": [
                "type": "array",
                "items": [
                    "type": "object",
                    "required": ["collection", "shard", "state", "applied_seq", "lag", "vectors", "memory_bytes"],
                    "properties": [
                        "collection": ["type": "string"], "shard": ["type": "string"],
                        "state": ["type": "string", "enum": ["catching_up", "ready", "draining"]],
                        "applied_seq": count, "lag": count, "vectors": count, "memory_bytes": count,
                    ],
                ],
            ],
        ],
    ]
}

extension JSONObject {
    var pairs: [(String, JSON)] { members.map { ($0.key, $0.value) } }
}
