import RecordSchema

/// A header of an answer, for the OpenAPI document.
enum AnswerHeader: String, Sendable, CaseIterable {
    case requestID = "X-Request-ID"
    case kaziSeq = "X-Kazi-Seq"
    case kaziSearchable = "X-Kazi-Searchable"
    case kaziCoverage = "X-Kazi-Coverage"
    case kaziGuarantee = "X-Kazi-Guarantee"
    case serverTiming = "Server-Timing"
    case eTag = "ETag"
    case location = "Location"
    case totalCount = "X-Total-Count"
    case link = "Link"
    case contentDisposition = "Content-Disposition"
    case retryAfter = "Retry-After"
    case wwwAuthenticate = "WWW-Authenticate"
    case idempotencyReplayed = "Idempotency-Replayed"
    case cacheControl = "Cache-Control"
    case age = "Age"
    case rateLimitLimit = "RateLimit-Limit"
    case rateLimitRemaining = "RateLimit-Remaining"
    case rateLimitReset = "RateLimit-Reset"

    /// To `components.headers`.
    var reference: JSON { ["$ref": .string("#/components/headers/\(rawValue)")] }

    var json: JSON {
        var members: JSONObject = ["description": .string(summary), "schema": schema, "example": example]
        if isAlwaysThere { members["required"] = true }
        return .object(members)
    }

    private var summary: String {
        switch self {
        case .requestID: "The request's identifier: the client's own where it sent a sane one."
        case .kaziSeq:
            "The write's sequence number, for `min_seq` of a search; of a batch, that of its last write. Absent where nothing was written."
        case .kaziSearchable: "With `wait=searchable`: whether searches see the write."
        case .kaziCoverage: "How many of the collection's shards answered. Absent where no worker was asked."
        case .kaziGuarantee:
            "How sure it is that the hits are the nearest records: `exact` when all that pass the filter were compared, else `recall=` and the share of the truly nearest that they are expected to have, from what such searches were measured to find; of the least sure of the shards that answered. Absent where no worker was asked, or one does not say."
        case .serverTiming: "Where the time went: embedding the text, asking the workers, fetching the records; in milliseconds."
        case .eTag: "The record's version, for `If-Match` and `If-None-Match`; no other ever has the same, not even after a restore."
        case .location: "The record's path."
        case .totalCount: "How many records there are without `limit` and `offset`. Absent from pages by cursor."
        case .link: "RFC 8288 links to the first, previous, next and last stretch, where there are such."
        case .contentDisposition: "A name for the file."
        case .retryAfter: "Seconds after which the same request is worth another try."
        case .wwwAuthenticate: "Which credentials are wanted, and what is wrong with those that came."
        case .idempotencyReplayed: "`true`: an earlier request with this key was answered so, and nothing was written now."
        case .cacheControl: "How long the answer may be kept."
        case .age: "How old the answer is, in seconds."
        case .rateLimitLimit: "Requests that the present window allows."
        case .rateLimitRemaining: "Requests that are left in it."
        case .rateLimitReset: "Seconds until it ends."
        }
    }

    private var schema: JSON {
        switch self {
        case .kaziSeq, .totalCount, .age, .rateLimitLimit, .rateLimitRemaining, .rateLimitReset:
            ["type": "integer", "minimum": 0]
        case .retryAfter: ["type": "integer", "minimum": 1]
        case .kaziSearchable, .idempotencyReplayed: ["type": "boolean"]
        case .kaziCoverage: ["type": "string", "pattern": "^[0-9]+/[0-9]+$"]
        case .eTag: ["type": "string", "pattern": "^\"[0-9]+-[0-9a-f]{8}\"$"]
        case .kaziGuarantee: ["type": "string", "pattern": "^(exact|recall=[01](\\.[0-9]{1,3})?)$"]
        case .location: ["type": "string", "format": "uri-reference"]
        case .requestID: ["type": "string", "pattern": "^[A-Za-z0-9._:/-]{1,128}$"]
        case .serverTiming, .link, .contentDisposition, .wwwAuthenticate, .cacheControl: ["type": "string"]
        }
    }

    private var example: JSON {
        switch self {
        case .requestID: "5f2b9c01d4e87a36"
        case .kaziSeq: 1_234
        case .kaziSearchable, .idempotencyReplayed: true
        case .kaziCoverage: "1/1"
        case .kaziGuarantee: "recall=0.973"
        case .serverTiming: "embed;dur=4.2, search;dur=1.3, fetch;dur=0.4"
        case .eTag: "\"1234-5f2a90c1\""
        case .location: "/api/v1/jobs/17"
        case .totalCount: 250
        case .link: "</api/v1/jobs?limit=100&offset=100>; rel=\"next\""
        case .contentDisposition: "attachment; filename=\"jobs.csv\""
        case .retryAfter: 1
        case .wwwAuthenticate: "Bearer realm=\"kazi\""
        case .cacheControl: "max-age=300"
        case .age: 17
        case .rateLimitLimit: 10
        case .rateLimitRemaining: 9
        case .rateLimitReset: 42
        }
    }

    /// Whether every answer that lists the header has it.
    private var isAlwaysThere: Bool {
        switch self {
        case .requestID, .eTag, .location, .contentDisposition, .retryAfter, .wwwAuthenticate: true
        case .kaziSeq, .kaziSearchable, .kaziCoverage, .kaziGuarantee, .serverTiming, .totalCount, .link, .idempotencyReplayed, .cacheControl,
            .age, .rateLimitLimit, .rateLimitRemaining, .rateLimitReset:
            false
        }
    }
}
