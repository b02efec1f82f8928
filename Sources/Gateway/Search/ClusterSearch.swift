import Cluster
import Messaging
import RecordSchema
import WireProtocol

/// What the workers are asked for one search.
struct ClusterSearch: Sendable {
    let collection: String
    let vector: [Float]
    let resultLimit: Int
    var minimumScore: Float?
    var filter: Filter?
    var minSeq: Int64 = 0
    var isExact = false
    /// `nil`: as the workers like.
    var recallTarget: Float?
    /// The model that the vector is of: no replica with another one's vectors may answer. Empty: unknown.
    var modelDigest = ""
    var allowPartial = false
    /// The work that this search is part of.
    var traceID = RequestScope.current?.traceID ?? .none

    /// The request for one shard; only the shard differs between workers.
    func request(shardIndex: Int, shardCount: Int) -> ShardSearchRequest {
        ShardSearchRequest(
            collection: collection, shard: ShardPlace(index: shardIndex, count: shardCount), resultLimit: resultLimit,
            minimumScore: minimumScore, filter: filter, minSeq: UInt64(max(0, minSeq)), isExact: isExact,
            recallTarget: recallTarget, modelDigest: modelDigest, vectors: vector)
    }
}

extension ResultGuarantee {
    init(_ guarantee: SearchGuarantee) {
        switch guarantee {
        case .unknown: self = .unknown
        case .estimatedRecall(let recall): self = .estimatedRecall(recall)
        case .exact: self = .exact
        }
    }

    var onTheWire: SearchGuarantee {
        switch self {
        case .unknown: .unknown
        case .estimatedRecall(let recall): .estimatedRecall(recall)
        case .exact: .exact
        }
    }
}

extension ServiceFailure {
    /// How a search that no worker answered looks to a client.
    init(_ failure: QueryFailure, collection: String) {
        switch failure {
        case .noWorkers:
            self = .unavailable("No search worker holds '\(collection)'", retryAfter: .seconds(1))
        case .partial(let coverage):
            self = .unavailable(
                "Only \(coverage.answeredCount) of \(coverage.totalCount) shards of '\(collection)' have a worker",
                retryAfter: .seconds(1))
        case .allBusy(let retryAfter): self = .unavailable("Every search worker is busy", retryAfter: retryAfter)
        case .tooManyQueries(_, let retryAfter):
            self = .unavailable("Too many searches are under way", retryAfter: retryAfter)
        case .deadlineExceeded(let coverage):
            self = .deadlineExceeded(
                "The search ran out of time; \(coverage.answeredCount) of \(coverage.totalCount) shards had answered")
        case .notCaughtUp(let appliedSeq):
            self = .unavailable(
                "No search worker has caught up with the writes yet; the furthest is at \(appliedSeq)", retryAfter: .seconds(1))
        case .workersFailed(let coverage):
            self = .unavailable(
                "Search workers failed; \(coverage.answeredCount) of \(coverage.totalCount) shards had answered",
                retryAfter: .seconds(1))
        }
    }
}

extension AttemptFailure {
    /// What the end of a request without an answer means for the attempt.
    init(_ error: RequestError) {
        switch error {
        case .refused(let reply): self.init(reply)
        case .timedOut: self = .deadline
        case .disconnected, .closed, .cancelled: self = .disconnected
        case .busy: self = .busy(retryAfter: .zero)
        case .unsendable: self = .internalError
        case .malformedReply: self = .malformed
        }
    }

    private init(_ reply: ErrorReply) {
        switch reply.status {
        case .busy: self = .busy(retryAfter: reply.retryAfter ?? .zero)
        case .notCaughtUp: self = .notCaughtUp(appliedSeq: 0)
        case .deadlineExceeded: self = .deadline
        case .unavailable: self = .disconnected
        case .malformed, .unsupportedVersion, .unknownKind, .bodyTooLarge, .invalid, .notFound, .conflict, .stale,
            .internalError, .unauthorized, .ok:
            self = .internalError
        }
    }
}
