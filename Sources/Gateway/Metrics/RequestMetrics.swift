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

    private struct StageKey: Hashable {
        let requestClass: RequestClass
        let stage: RequestStage
    }

    private struct State {
        var counts: [Key: UInt64] = [:]
        var durations: [String: LatencyHistogram] = [:]
        var stages: [StageKey: LatencyHistogram] = [:]
    }

    private let state = NIOLockedValueBox(State())

    func record(_ key: Key, duration: Duration, _ stages: StageTimes, _ requestClass: RequestClass) {
        let met = stages.met
        state.withLockedValue { state in
            state.counts[key, default: 0] += 1
            state.durations[key.route, default: LatencyHistogram()].observe(duration)
            for (stage, time) in met {
                state.stages[StageKey(requestClass: requestClass, stage: stage), default: LatencyHistogram()].observe(time)
            }
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
        text.family("kazi_http_stage_duration_seconds", .histogram, "Where the time of requests went.")
        for (key, histogram) in state.stages.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            text.histogram(
                "kazi_http_stage_duration_seconds",
                [("class", key.requestClass.rawValue), ("stage", key.stage.rawValue)], histogram)
        }
    }
}
