import RecordSchema

/// What the routes that are about no collection take and answer: `/auth`, `/admin`, the stats.
enum ServiceSchemas {
    static let passwordForm: JSON = [
        "type": "object", "required": ["username", "password"],
        "properties": [
            "grant_type": ["type": "string", "const": "password"],
            "username": ["type": "string", "minLength": 1], "password": ["type": "string", "minLength": 1],
            "scope": ["type": "string", "description": "Not used: a token has the user's roles."],
            "client_id": ["type": "string", "description": "Not used."],
            "client_secret": ["type": "string", "description": "Not used."],
        ],
    ]

    static let token: JSON = [
        "type": "object", "required": ["access_token", "token_type", "expires_in"],
        "properties": [
            "access_token": ["type": "string"], "token_type": ["type": "string", "const": "bearer"],
            "expires_in": ["type": "integer", "minimum": 1, "description": "Seconds."],
        ],
    ]

    static let profile: JSON = [
        "type": "object", "required": ["user_id", "roles"],
        "properties": [
            "user_id": ["type": "string"],
            "roles": ["type": "array", "items": ["type": "string", "enum": ["reader", "writer", "admin"]]],
        ],
    ]

    // MARK: Stats

    static let stats: JSON = .object(statsMembers)

    /// Beside these there is `total_<name>` for each collection.
    private static let statsMembers: JSONObject = [
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

    static var adminStats: JSON {
        var schema = statsMembers
        var properties = schema["properties"]?.objectValue ?? [:]
        properties["counted_seconds_ago"] = count
        properties["version"] = ["type": "string"]
        properties["store"] = ["type": "object", "additionalProperties": count]
        schema["properties"] = .object(properties)
        schema["required"] = ["total_sources", "collections", "counted_seconds_ago", "version", "store"]
        return .object(schema)
    }

    static let adminStatsExample: JSON = [
        "total_jobs": 604, "total_sources": 3, "collections": ["jobs": ["total": 604, "distinct": ["source": 3]]],
        "counted_seconds_ago": 12, "version": "0.1.0",
        "store": ["seq": 604, "database_bytes": 2_510_848, "wal_bytes": 0, "queued_operations": 0],
    ]

    private static let count: JSON = ["type": "integer", "minimum": 0]

    // MARK: Cluster

    static let cluster: JSON = [
        "type": "object", "required": ["workers", "collections", "pending_searches"],
        "properties": [
            "workers": ["type": "array", "items": worker],
            "collections": [
                "type": "object",
                "additionalProperties": [
                    "type": "object", "required": ["shards", "seq", "lag"],
                    "properties": [
                        "shards": ["type": "string"], "seq": count, "lag": ["type": ["integer", "null"]],
                        "embedding_anew": ["type": ["object", "null"], "additionalProperties": count],
                    ],
                ],
            ],
            "pending_searches": count,
        ],
    ]

    private static let worker: JSON = [
        "type": "object", "required": ["id", "address", "state", "latency_ms", "memory_bytes", "replicas"],
        "properties": [
            "id": ["type": "string"], "address": ["type": "string"], "version": ["type": "string"],
            "state": ["type": "string", "enum": ["alive", "suspect", "disconnected", "departed"]],
            "silence_ms": ["type": "number", "description": "Since its last sign of life."],
            "latency_ms": ["type": ["number", "null"], "description": "Moving average; null before its first answer."],
            "in_flight": count, "in_flight_max": count, "answered": count, "failed": count, "memory_bytes": count,
            "memory_limit_bytes": ["type": ["integer", "null"], "minimum": 1, "description": "What its replicas may take; null: no limit."],
            "replicas": [
                "type": "array",
                "items": [
                    "type": "object",
                    "required": ["collection", "shard", "state", "applied_seq", "lag", "vectors", "memory_bytes"],
                    "properties": [
                        "collection": ["type": "string"], "shard": ["type": "string"],
                        "state": ["type": "string", "enum": ["catching_up", "ready", "draining"]],
                        "applied_seq": count, "lag": count, "vectors": count, "memory_bytes": count,
                        "bytes_per_vector": count,
                        "full": [
                            "type": "boolean",
                            "description": "It has no memory for rows that are new to it, and answers with what it holds.",
                        ],
                        "recall_at_10": [
                            "type": ["number", "null"], "minimum": 0, "maximum": 1,
                            "description": "Of the ten truly nearest, the share that searches found which were replayed exactly; null before the first.",
                        ],
                    ],
                ],
            ],
        ],
    ]

    static let clusterExample: JSON = [
        "workers": [
            [
                "id": "worker-1", "address": "tcp://127.0.0.1:40123", "version": "0.1.0", "state": "alive",
                "silence_ms": 120.5, "latency_ms": 0.8, "in_flight": 0, "in_flight_max": 64, "answered": 1_234, "failed": 0,
                "memory_bytes": 1_048_576, "memory_limit_bytes": .null,
                "replicas": [
                    [
                        "collection": "jobs", "shard": "0/1", "state": "ready", "applied_seq": 604, "lag": 0,
                        "vectors": 604, "memory_bytes": 1_048_576, "bytes_per_vector": 478,
                        "full": false, "recall_at_10": .null,
                    ]
                ],
            ]
        ],
        "collections": ["jobs": ["shards": "1/1", "seq": 604, "lag": 0]],
        "pending_searches": 0,
    ]
}
