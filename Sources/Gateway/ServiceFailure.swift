import RecordSchema

/// Why a request was not done. One vocabulary for both doors: `HTTPAnswer` turns a case into a status and a JSON body,
/// `MessagingDoor` into a status of the wire protocol. Nothing was changed by a request that failed.
enum ServiceFailure: Error {
    /// The request is not of the right form: every issue found.
    case invalid([ValidationIssue])
    /// A rule marked `error: data_quality` does not hold.
    case dataQuality(message: String, field: String?)
    case notFound(String)
    case methodNotAllowed(allowed: [String])
    /// The record changed between reading and writing it, more often than is worth trying.
    case conflict(String)
    /// The idempotency key was used before, for another request.
    case idempotencyKeyReused
    /// `If-Match` names another version than the record has.
    case preconditionFailed
    case unsupportedMediaType(String)
    case contentTooLarge(limitBytes: Int)
    /// Something this request needs is down or overloaded; the same request may succeed later.
    case unavailable(String, retryAfter: Duration)
    /// The search ran out of the time it was given.
    case deadlineExceeded(String)
    /// The request did not arrive whole.
    case brokenRequest(ConnectionFault)
    /// A fault of ours. The reason is for the log, never for the client.
    case faulty(reason: String)
}
