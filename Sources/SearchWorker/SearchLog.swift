import Logging
import Messaging
import ServiceRuntime
import VectorIndex
import WireProtocol

/// The line that a worker's log has for each search: at `debug`, and as a warning where it was slow. The trace id is that
/// of the request which the gateway answers with it.
struct SearchLog: Sendable {
    let slowSearchTime: Duration

    struct Times {
        let received: ContinuousClock.Instant
        /// When every write that the search names had been applied.
        let start: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private static let label = "kazi.worker"

    func write(_ search: ShardSearchRequest, _ results: [SearchResult], _ request: InboundRequest, _ times: Times) {
        let isSlow = times.end - times.received >= slowSearchTime
        let level: Logger.Level = isSlow ? .warning : .debug
        guard ProcessLog.writes(level) else { return }
        ProcessLog.write(
            level, Self.label, isSlow ? "slow search" : "search",
            fields(search, request) + [
                ("duration_ms", .stringConvertible(Self.milliseconds(times.end - times.received))),
                ("wait_ms", .stringConvertible(Self.milliseconds(times.start - times.received))),
                ("scan_ms", .stringConvertible(Self.milliseconds(times.end - times.start))),
                ("hits", .stringConvertible(results.reduce(0) { $0 + $1.ids.count })),
                ("scanned_rows", .stringConvertible(results.reduce(0) { $0 + $1.scannedRowCount })),
            ])
    }

    func write(_ search: ShardSearchRequest, _ failure: SearchFailure, _ request: InboundRequest) {
        guard ProcessLog.writes(.debug) else { return }
        ProcessLog.write(
            .debug, Self.label, "search refused", fields(search, request) + [("reason", .string("\(failure)"))])
    }

    private func fields(
        _ search: ShardSearchRequest, _ request: InboundRequest
    ) -> [(name: String, value: Logger.MetadataValue)] {
        [
            ("trace_id", .string(request.traceID.description)), ("collection", .string(search.collection)),
            ("shard", .string(search.shard.map { "\($0.index)/\($0.count)" } ?? "")),
            ("queries", .stringConvertible(search.queryCount)), ("result_limit", .stringConvertible(search.resultLimit)),
        ]
    }

    /// With three digits after the point.
    private static func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1000
    }
}
