/// The name that a client gives one request, so that the request can be sent again without being done again.
///
/// The first write under a key is stored together with its answer, in one transaction; a later one with the same
/// fingerprint gets that answer and writes nothing, even when the record was changed or deleted since. A write that fails
/// leaves the key unused. Keys are forgotten after `StoreLimits.idempotencyRetention`.
public struct IdempotencyKey: Sendable, Hashable {
    public static let byteCountRange = 1...255
    public static let fingerprintByteCount = 32

    /// Whose key it is; equal keys of two scopes have nothing to do with each other. At most 255 bytes.
    public let scope: String
    /// The client's own text, 1...255 bytes of UTF-8.
    public let text: String
    /// SHA-256 of everything that the request asks for: collection, route, body. 32 bytes.
    public let fingerprint: [UInt8]

    /// - Parameter fingerprint: 32 bytes.
    public init(_ text: String, scope: String = "", fingerprint: [UInt8]) throws(IdempotencyKeyFault) {
        precondition(fingerprint.count == Self.fingerprintByteCount, "a fingerprint is a SHA-256 digest")
        guard Self.byteCountRange.contains(text.utf8.count) else { throw .wrongLength(byteCount: text.utf8.count) }
        guard scope.utf8.count <= Self.byteCountRange.upperBound else {
            throw .scopeTooLong(byteCount: scope.utf8.count)
        }
        self.scope = scope
        self.text = text
        self.fingerprint = fingerprint
    }
}

/// Why a text is no idempotency key.
public enum IdempotencyKeyFault: Error, Sendable, Hashable {
    /// Not 1...255 bytes.
    case wrongLength(byteCount: Int)
    /// More than 255 bytes.
    case scopeTooLong(byteCount: Int)
}

/// What a write under an idempotency key did, now or the first time.
public struct IdempotentAnswer: Sendable, Hashable {
    public var result: WriteResult
    /// The record's fields as that write left them, byte for byte; empty after a delete.
    public var body: [UInt8]
    /// Whether this is the answer of an earlier write, and nothing was written now.
    public var isReplay: Bool

    public init(result: WriteResult, body: [UInt8], isReplay: Bool) {
        self.result = result
        self.body = body
        self.isReplay = isReplay
    }

    /// The record as that write left it.
    public var record: StoredRecord {
        StoredRecord(
            id: result.id, seq: result.seq, createdAt: result.createdAt, updatedAt: result.updatedAt, body: body)
    }
}
