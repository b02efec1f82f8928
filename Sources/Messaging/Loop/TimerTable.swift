/// The hub's periodic actions.
struct TimerTable {
    private struct Timer {
        let interval: Duration
        let action: @Sendable () -> Void
    }

    private var timers: [UInt64: Timer] = [:]
    private var beats = DeadlineHeap<UInt64>()

    var earliest: ContinuousClock.Instant? { beats.earliest }

    mutating func add(
        _ id: UInt64, _ interval: Duration, _ action: @escaping @Sendable () -> Void, now: ContinuousClock.Instant
    ) {
        timers[id] = Timer(interval: interval, action: action)
        beats.insert(id, at: now + interval)
    }

    /// The beat that is left in the heap finds no timer any more.
    mutating func remove(_ id: UInt64) {
        timers[id] = nil
        let timers = timers
        beats.compact(wantedCount: timers.count) { timers[$0] != nil }
    }

    /// Each due timer beats once, however late it is, and next an interval after now.
    mutating func fireDue(_ now: ContinuousClock.Instant) {
        while let id = beats.popDue(now) {
            guard let timer = timers[id] else { continue }
            beats.insert(id, at: now + timer.interval)
            timer.action()
        }
    }
}
