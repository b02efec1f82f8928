/// How a request ended. One case per row of the status table in proto-docs/protocol.md, with the row's number.
public enum WireStatus: UInt8, Sendable, Hashable, CaseIterable {
    case ok = 0
    /// The bytes are no message of this version.
    case malformed = 1
    /// The header's version is not spoken here.
    case unsupportedVersion = 2
    /// The kind does not exist, or this process does not serve it.
    case unknownKind = 3
    /// Body or message over the limit; also a reply that would be.
    case bodyTooLarge = 4
    /// Well-formed, but a value in it is not acceptable.
    case invalid = 5
    /// No such collection, record or shard here.
    case notFound = 6
    /// The record is not in the state that the request names.
    case conflict = 7
    /// A queue is full. Nothing was done; try again after `retryAfter`, elsewhere at once.
    case busy = 8
    /// The remaining time was over before the work was.
    case deadlineExceeded = 9
    /// The replica had not applied `minSeq` when the time was over.
    case notCaughtUp = 10
    /// What is needed to answer is down or shutting down. Nothing was done.
    case unavailable = 11
    /// Another store or generation than the requester's: start again from seq 0.
    case stale = 12
    /// A fault on the answering side. It is unknown what was done.
    case internalError = 13
    /// Reserved.
    case unauthorized = 14

    /// Whether the same request may be sent to another replica: nothing was done here, and it may be done elsewhere.
    public var allowsAnotherReplica: Bool {
        switch self {
        case .busy, .notCaughtUp, .unavailable, .stale, .internalError, .notFound: true
        case .ok, .malformed, .unsupportedVersion, .unknownKind, .bodyTooLarge, .invalid, .conflict, .deadlineExceeded,
            .unauthorized: false
        }
    }
}
