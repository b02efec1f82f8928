/// Where the time of a request goes, in the order in which a request meets them.
enum RequestStage: String, CaseIterable, Sendable {
    /// Waiting to be let in, because others of its class are under way.
    case queue
    /// Reading and checking what was sent.
    case validate
    /// Turning text into vectors.
    case embed
    /// The search workers, or the text index.
    case search
    /// Reading records from the store.
    case fetch
    /// Writing records to the store.
    case store
    /// Waiting until searches see a write, where the client asked for that.
    case wait
}

/// How long each stage took; a stage that a request did not meet has no time.
struct StageTimes: Sendable {
    private var times = [Duration?](repeating: nil, count: RequestStage.allCases.count)

    subscript(stage: RequestStage) -> Duration? { times[Self.index(stage)] }

    /// A stage that is met twice has both its times.
    mutating func add(_ time: Duration, to stage: RequestStage) {
        times[Self.index(stage)] = (times[Self.index(stage)] ?? .zero) + time
    }

    /// The stages that were met, in order.
    var met: [(stage: RequestStage, time: Duration)] {
        RequestStage.allCases.compactMap { stage in self[stage].map { (stage, $0) } }
    }

    /// The value of `Server-Timing`, in milliseconds; `nil` when no stage was met.
    var serverTiming: String? {
        let met = met
        guard !met.isEmpty else { return nil }
        return met.map { "\($0.stage.rawValue);dur=\($0.time.milliseconds)" }.joined(separator: ", ")
    }

    private static func index(_ stage: RequestStage) -> Int {
        switch stage {
        case .queue: 0
        case .validate: 1
        case .embed: 2
        case .search: 3
        case .fetch: 4
        case .store: 5
        case .wait: 6
        }
    }
}
