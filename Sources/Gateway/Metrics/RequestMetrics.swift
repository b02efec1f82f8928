import NIOConcurrencyHelpers

/// What the HTTP side counts. Bounded: routes, methods, statuses and collections are all from fixed lists.
final class RequestMetrics: Sendable {
    struct Key: Hashable, Sendable {
        let route: String
        let method: String
        let status: Int
        /// Empty where the route names none, or one that does not exist.
        let collection: String
    }

    private struct State {
        var counts: [Key: UInt64] = [:]
        var durations: [String: LatencyHistogram] = [:]
        var stages: [String: LatencyHistogram] = [:]
    }

    private let state = NIOLockedValueBox(State())

    func record(_ key: Key, duration: Duration) {
        state.withLockedValue { state in
            state.counts[key, default: 0] += 1
            state.durations[key.route, default: LatencyHistogram()].observe(duration)
        }
    }

    func record(_ timings: SearchTimings) {
        state.withLockedValue { state in
            state.stages["embed", default: LatencyHistogram()].observe(timings.embed)
            state.stages["search", default: LatencyHistogram()].observe(timings.search)
            state.stages["fetch", default: LatencyHistogram()].observe(timings.fetch)
        }
    }

    func write(to text: inout PrometheusText) {
        let state = state.withLockedValue { $0 }
        text.family("kazi_http_requests_total", .counter, "HTTP requests answered.")
        for (key, count) in state.counts.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            text.sample(
                "kazi_http_requests_total",
                [
                    ("route", key.route), ("method", key.method), ("status", "\(key.status)"),
                    ("collection", key.collection),
                ], count)
        }
        text.family("kazi_http_request_duration_seconds", .histogram, "From the request's head to its answer's head.")
        for (route, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            text.histogram("kazi_http_request_duration_seconds", [("route", route)], histogram)
        }
        text.family("kazi_search_stage_duration_seconds", .histogram, "Where the time of searches went.")
        for (stage, histogram) in state.stages.sorted(by: { $0.key < $1.key }) {
            text.histogram("kazi_search_stage_duration_seconds", [("stage", stage)], histogram)
        }
    }
}
