import HTTPTypes
import Logging
import NIOConcurrencyHelpers
import ServiceRuntime
import WireProtocol

/// The line that the log has for each request.
struct RequestLog: Sendable {
    /// From here on a request is slow: its line is a warning, and says where the time went.
    let slowRequestTime: Duration

    struct Entry: Sendable {
        var method: String
        var path: String
        var status: Int
        var duration: Duration
        var client: String
        var sentBytes: Int
        /// Whether the client was gone before it had the whole answer.
        var isCutOff = false
    }

    static let label = "kazi.gateway"
    /// Characters of a path that are logged.
    private static let pathLengthMax = 512

    func write(_ entry: Entry, _ scope: RequestScope) {
        let isSlow = entry.duration >= slowRequestTime
        let level: Logger.Level = isSlow ? .warning : .info
        guard ProcessLog.writes(level) else { return }
        var fields: [(name: String, value: Logger.MetadataValue)] = [
            ("method", .string(entry.method)),
            // Without the query, which may hold what people search for.
            ("path", .string(String(entry.path.prefix(Self.pathLengthMax)))),
            ("status", .stringConvertible(entry.status)),
            ("duration_ms", .stringConvertible(entry.duration.milliseconds)),
            ("client", .string(entry.client)),
            ("request_id", .string(scope.requestID)),
            ("trace_id", .string(scope.traceID.description)),
            ("key_id", .string(scope.callerID)),
            ("collection", .string(scope.collection)),
            ("bytes_in", .stringConvertible(scope.receivedBytes)),
            ("bytes_out", .stringConvertible(entry.sentBytes)),
        ]
        if entry.isCutOff { fields.append(("cut_off", .stringConvertible(true))) }
        if isSlow {
            fields += scope.stages.met.map { ("\($0.stage.rawValue)_ms", .stringConvertible($0.time.milliseconds)) }
        }
        ProcessLog.write(level, Self.label, isSlow ? "slow request" : "request", fields)
    }

    /// A fault of ours, with the reason that the client does not get to see.
    static func writeFault(_ reason: String, _ scope: RequestScope) {
        ProcessLog.write(
            .error, label, "request failed",
            [
                ("reason", .string(reason)), ("request_id", .string(scope.requestID)),
                ("trace_id", .string(scope.traceID.description)),
            ])
    }
}

/// The answer that is still being sent: counts its bytes, and writes the request's line when it is over, however it ends.
final class StreamedAnswer: Sendable {
    private let log: RequestLog
    private let scope: RequestScope
    private let receivedAt: ContinuousClock.Instant
    private let entry: NIOLockedValueBox<RequestLog.Entry>
    /// Bytes that are on their way to the connection, which may turn out to be gone.
    private let pendingBytes = NIOLockedValueBox(0)

    init(_ entry: RequestLog.Entry, _ scope: RequestScope, _ log: RequestLog, receivedAt: ContinuousClock.Instant) {
        self.log = log
        self.scope = scope
        self.receivedAt = receivedAt
        var entry = entry
        entry.isCutOff = true
        self.entry = NIOLockedValueBox(entry)
    }

    deinit {
        var entry = entry.withLockedValue { $0 }
        entry.duration = ContinuousClock.now - receivedAt
        log.write(entry, scope)
    }

    /// The next bytes are about to be sent: those before them were.
    func sends(_ bytes: Int) {
        let sentBytes = pendingBytes.withLockedValue { pending in
            defer { pending = bytes }
            return pending
        }
        entry.withLockedValue { $0.sentBytes += sentBytes }
    }

    func isWhole() {
        sends(0)
        entry.withLockedValue { $0.isCutOff = false }
    }
}
