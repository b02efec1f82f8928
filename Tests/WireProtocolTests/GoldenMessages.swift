import RecordSchema
import WireProtocol

/// What each file of proto-docs/vectors says, written down by hand from its comments.
struct GoldenMessage: Sendable {
    var name: String
    var header: MessageHeader
    /// Decodes a content as the body's type and encodes it again.
    var recode: @Sendable (MessageContent) throws(WireError) -> (isExpected: Bool, encoded: MessageContent)

    init(_ name: String, _ header: MessageHeader, _ body: some WireContent) {
        self.name = name
        self.header = header
        recode = { content throws(WireError) in
            let decoded = try type(of: body).init(decoding: content)
            return (decoded == body, try decoded.encoded())
        }
    }
}

private let trace = TraceID(high: 0x0AF7_6519_16CD_43DD, low: 0x8448_EB21_1C80_319C)

private func request(_ kind: MessageKind, _ requestID: UInt64, remaining: UInt32 = 1_500) -> MessageHeader {
    MessageHeader(kind: kind, requestID: requestID, traceID: trace, remainingMilliseconds: remaining)
}

private func reply(_ kind: MessageKind, _ requestID: UInt64, _ status: WireStatus = .ok) -> MessageHeader {
    MessageHeader(
        kindCode: kind.rawValue, isReply: true, statusCode: status.rawValue, requestID: requestID, traceID: trace)
}

private let generation: UInt64 = 0x1122_3344_5566_7788
private let recordJSON = Array(#"{"id":17,"title":"Data engineer"}"#.utf8)
// Filters and columns are made anew for each use: the leak sanitizer does not see through the tagged pointers of enums
// in a global.
private var fromLinkedin: Filter { .compare(field: "source", .equal, .string("linkedin")) }

private let jobs = CollectionInfo(
    name: "jobs", dimension: 4, metric: .cosine, modelDigest: "sha256:53aa5117",
    columns: [
        FilterColumn(name: "source", type: .string), FilterColumn(name: "salary_min", type: .number),
        FilterColumn(name: "posted_at", type: .timestamp), FilterColumn(name: "tags", type: .string, isArray: true),
        FilterColumn(name: "remote", type: .boolean),
    ],
    headSeq: 4_240, generation: generation)
private let points = CollectionInfo(name: "points", dimension: 2, metric: .euclidean, headSeq: 4_242, generation: 1)

private let announcement = Announcement(
    workerID: "worker-1", bootEpoch: 1_764_000_000_000_000, searchEndpoint: "tcp://127.0.0.1:7412",
    replicas: [
        Replica(
            collection: "jobs", shard: ShardPlace(index: 0, count: 2), appliedSeq: 4_242, state: .ready, vectorCount: 604,
            memoryBytes: 1_048_576, storeID: "store-a", generation: generation),
        Replica(collection: "points", shard: ShardPlace(index: 1, count: 2), state: .starting),
    ],
    queueLimit: 256, queueDepth: 3, threadCount: 2, latencyMicrosecondsP50: 850, latencyMicrosecondsP95: 2_100,
    latencyMicrosecondsP99: 4_000, softwareVersion: "0.1.0")

private var fullFilter: Filter {
    .all([
        fromLinkedin,
        .any([
            .compare(field: "salary_min", .greaterThanOrEqual, .number(85_000.5)),
            .compare(field: "salary_min", .lessThan, .number(-1)),
        ]),
        .not(.isIn(field: "tags", [.string("go"), .string("rust")])),
        .compare(field: "posted_at", .greaterThan, .timestamp(1_764_000_000_000_000)),
        .compare(field: "posted_at", .lessThanOrEqual, .timestamp(-1)),
        .compare(field: "remote", .equal, .boolean(true)),
        .exists(field: "salary_min"),
    ])
}

private var page: FeedPage {
    FeedPage(
        headSeq: 4_242, scannedToSeq: 4_241, dimension: 4, ids: [17, 9, 23], seqs: [4_201, 4_210, 4_240],
        kinds: [.upsert, .delete, .upsert], vectors: [0.5, -0.5, 0.5, 0.5, 1, 0, 0, 0],
        columns: [
            ColumnBatch(counts: [1, 1], values: .strings(["linkedin", "jobwebkenya"])),
            ColumnBatch(counts: [1, 0], values: .numbers([85_000.5])),
            ColumnBatch(counts: [0, 1], values: .timestamps([1_764_000_000_000_000])),
            ColumnBatch(counts: [2, 0], values: .strings(["go", "swift"])),
            ColumnBatch(counts: [1, 1], values: .booleans([true, false])),
        ].compactMap { $0 })
}

private let gatewayStatus = GatewayStatus(
    gatewayID: "gateway-1", bootEpoch: 7, storeID: "store-a", headSeq: 4_242, collections: [points],
    workers: [
        GatewayStatus.KnownWorker(
            announcement: Announcement(
                workerID: "worker-2", bootEpoch: 8, searchEndpoint: "tcp://127.0.0.1:7413", threadCount: 0),
            age: .milliseconds(420), isConnected: true)
    ],
    softwareVersion: "0.1.0")

var goldenMessages: [GoldenMessage] {
    [
        GoldenMessage("announce-request", request(.announce, 1), announcement),
        GoldenMessage(
            "announce-reply", reply(.announce, 1),
            AnnouncementReply(
                heartbeatInterval: .seconds(1), storeID: "store-a", headSeq: 4_242, collections: [jobs, points])),
        GoldenMessage(
            "pull-request", request(.pull, 2),
            PullRequest(
                collection: "jobs", shard: ShardPlace(index: 0, count: 2), afterSeq: 4_200, rowLimit: 4_096,
                storeID: "store-a", generation: generation)),
        GoldenMessage("pull-reply", reply(.pull, 2), page),
        GoldenMessage("pull-reply-empty", reply(.pull, 3), FeedPage(headSeq: 4_242, scannedToSeq: 4_242)),
        GoldenMessage("nudge", MessageHeader(kind: .nudge, requestID: 0), Nudge(collection: "jobs", headSeq: 4_243)),
        GoldenMessage(
            "goodbye", MessageHeader(kind: .goodbye, requestID: 0),
            Goodbye(workerID: "worker-1", bootEpoch: 1_764_000_000_000_000, isFinal: true)),
        GoldenMessage(
            "search-request", request(.search, 0x1234),
            ShardSearchRequest(
                collection: "jobs", resultLimit: 2, filter: fromLinkedin, vectors: [0.5, -0.5, 0.5, 0.5])),
        GoldenMessage(
            "search-request-model", request(.search, 0x1234),
            ShardSearchRequest(
                collection: "jobs", resultLimit: 2, modelDigest: "model-v2", vectors: [0.5, -0.5, 0.5, 0.5])),
        GoldenMessage(
            "search-reply", reply(.search, 0x1234),
            ShardSearchReply(
                appliedSeq: 4_242, scannedRowCount: 604, hitCounts: [2], ids: [17, 5], scores: [1, 0.25])),
        GoldenMessage(
            "search-request-full", request(.search, 0xFEDC_BA98_7654_3210, remaining: 250),
            ShardSearchRequest(
                collection: "jobs", shard: ShardPlace(index: 1, count: 3), resultLimit: 11_000, minimumScore: -0.5,
                filter: fullFilter, minSeq: 4_242, isExact: true, queryCount: 2,
                vectors: [0.5, -0.5, 0.5, 0.5, 1, 0, 0, 0])),
        GoldenMessage(
            "search-reply-two", reply(.search, 0xFEDC_BA98_7654_3210),
            ShardSearchReply(appliedSeq: 4_242, scannedRowCount: 1_208, hitCounts: [1, 0], ids: [17], scores: [1])),
        GoldenMessage(
            "search-recall-request", request(.search, 13),
            ShardSearchRequest(collection: "jobs", resultLimit: 10, recallTarget: 0.875, vectors: [0.5, -0.5, 0.5, 0.5])),
        GoldenMessage(
            "search-guarantee-reply", reply(.search, 14),
            ShardSearchReply(
                appliedSeq: 4_242, scannedRowCount: 604, hitCounts: [1, 1, 0],
                guarantees: [.exact, .estimatedRecall(0.875), .unknown], ids: [17, 5], scores: [1, 0.25])),
        GoldenMessage(
            "announce-recall-request", request(.announce, 15),
            Announcement(
                workerID: "worker-1", bootEpoch: 1_764_000_000_000_000, searchEndpoint: "tcp://127.0.0.1:7412",
                replicas: [
                    Replica(
                        collection: "jobs", appliedSeq: 4_242, state: .ready, recallAt10: 0.875, recallReplayCount: 300)
                ])),
        GoldenMessage(
            "announce-full-request", request(.announce, 18),
            Announcement(
                workerID: "worker-1", bootEpoch: 1_764_000_000_000_000, searchEndpoint: "tcp://127.0.0.1:7412",
                replicas: [
                    Replica(collection: "jobs", appliedSeq: 4_200, state: .ready, bytesPerVector: 478, isFull: true)
                ], memoryLimitBytes: 1_048_576)),
        GoldenMessage(
            "pull-ahead-request", request(.pull, 19),
            PullRequest(
                collection: "jobs", shard: ShardPlace(index: 0, count: 2), afterSeq: 4_200, rowLimit: 4_096,
                storeID: "store-a", generation: generation, readsAhead: true)),
        GoldenMessage(
            "query-recall-request", request(.query, 16),
            QueryRequest(collection: "jobs", source: .text("goat"), isExact: true, recallTarget: 0.5)),
        GoldenMessage(
            "query-guarantee-reply", reply(.query, 17),
            QueryReply(hits: [], answeredShardCount: 2, shardCount: 2, guarantee: .estimatedRecall(0.875))),
        GoldenMessage("status-request", request(.status, 5), StatusRequest()),
        GoldenMessage("status-reply-worker", reply(.status, 5), StatusReply.worker(announcement)),
        GoldenMessage("status-reply-gateway", reply(.status, 5), StatusReply.gateway(gatewayStatus)),
        GoldenMessage(
            "query-request-text", request(.query, 6),
            QueryRequest(
                collection: "jobs", source: .text("data engineer, Nairobi"), resultLimit: 10, offset: 5, minimumScore: 0.25,
                filter: .json(Array(#"{"source": "linkedin"}"#.utf8)), fields: ["title", "company"], minSeq: 4_242)),
        GoldenMessage(
            "query-request-like", request(.query, 7),
            QueryRequest(collection: "jobs", source: .likeID(17), resultLimit: 1, filter: .filter(fromLinkedin))),
        GoldenMessage(
            "query-request-vector", request(.query, 8),
            QueryRequest(collection: "jobs", source: .vector([0.5, -0.5, 0.5, 0.5]), resultLimit: 3)),
        GoldenMessage(
            "query-reply", reply(.query, 6),
            QueryReply(
                hits: [QueryReply.Hit(id: 17, score: 0.75, recordJSON: recordJSON)], answeredShardCount: 1, shardCount: 2)),
        GoldenMessage(
            "put-request", request(.put, 9),
            PutRequest(collection: "jobs", recordJSON: Array(#"{"title":"Data engineer"}"#.utf8))),
        GoldenMessage(
            "put-request-replace", request(.put, 10),
            PutRequest(collection: "jobs", id: 17, recordJSON: Array(#"{"title":"Data engineer"}"#.utf8))),
        GoldenMessage("put-reply", reply(.put, 9), RecordReply(id: 17, seq: 4_243, recordJSON: recordJSON)),
        GoldenMessage("get-request", request(.get, 11), GetRequest(collection: "jobs", id: 17)),
        GoldenMessage("get-reply", reply(.get, 11), RecordReply(id: 17, seq: 4_243, recordJSON: recordJSON)),
        GoldenMessage(
            "delete-request", request(.delete, 12), DeleteRequest(collection: "jobs", id: 9_223_372_036_854_775_807)),
        GoldenMessage("delete-reply", reply(.delete, 12), RecordReply(id: 9_223_372_036_854_775_807, seq: 4_244)),
        // The status of an error is in the header; a body alone decodes with `internalError`.
        GoldenMessage(
            "error-invalid", reply(.put, 9, .invalid),
            ErrorReply(
                .internalError, message: "the record is not valid",
                detailJSON: Array(#"[{"loc":["body","title"],"msg":"Field required","type":"missing"}]"#.utf8))),
        GoldenMessage(
            "error-busy", reply(.search, 0x1234, .busy),
            ErrorReply(.internalError, message: "too many requests wait", retryAfter: .milliseconds(100))),
        GoldenMessage("error-stale", reply(.pull, 2, .stale), ErrorReply(.internalError, message: "another store")),
        GoldenMessage(
            "error-no-preamble", MessageHeader(kindCode: 0, isReply: true, statusCode: 1, requestID: 0),
            ErrorReply(.internalError, message: "the header does not begin with KAZI")),
    ]
}
