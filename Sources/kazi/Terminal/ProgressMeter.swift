/// How fast something goes and how long it will still take, from what was done when. Holds no clock.
struct ProgressMeter: Sendable {
    private struct Sample {
        let time: Duration
        let itemCount: Int
        let fraction: Double?
    }

    /// The rate is that of the last samples: of the last 10 seconds, and of what there is before that.
    private static let window = Duration.seconds(10)
    private var samples: [Sample] = [Sample(time: .zero, itemCount: 0, fraction: 0)]

    /// - Parameters:
    ///   - time: Since the start; never less than before.
    ///   - itemCount: Done so far.
    ///   - fraction: Done of the whole, 0...1; `nil` where the whole is not known.
    mutating func record(time: Duration, itemCount: Int, fraction: Double?) {
        samples.append(Sample(time: time, itemCount: itemCount, fraction: fraction))
        while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
    }

    var itemCount: Int { samples.last?.itemCount ?? 0 }
    var fraction: Double? { samples.last?.fraction }

    /// Items a second; 0 before anything was measured.
    var rate: Double {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
        return Double(last.itemCount - first.itemCount) / (last.time - first.time).inSeconds
    }

    /// `nil` where the whole is not known or nothing moves.
    var remaining: Duration? {
        guard let first = samples.first, let last = samples.last, let done = last.fraction, let before = first.fraction,
            done > before, last.time > first.time
        else { return nil }
        let seconds = (1 - done) * (last.time - first.time).inSeconds / (done - before)
        return seconds < 1e7 ? .fractionalSeconds(seconds) : nil
    }
}
