import Glibc

/// How many rows a search must visit, list after list, to find a wanted share of the nearest, and what share searches that
/// visit so many then find: both measured with rows of the index as queries when its partitioning was made, the second
/// with other rows than the first.
struct Calibration: Sendable {
    /// The depths at which it was measured: the `neighbourCounts[i]` nearest rows were looked for.
    static let neighbourCounts = [10, 100, 1_000]

    /// For each depth, ascending: of the nearest rows of all queries, the share of all rows visited up to and with the
    /// list it is in. So element at 95 % of the array is the share to visit for recall 0.95.
    let visitedShares: [[Float]]

    /// How far a row's key lies from that of its list's centroid, in lengths of the query times the list's spread: root of
    /// the mean square over rows of all lists. About one over the square root of the dimensions that the rows really have.
    var deviation: Float = 0

    /// The recall targets at which searches were tried out, ascending.
    static let targets: [Float] = [0.5, 0.8, 0.9, 0.95, 0.97, 0.99, 0.999]

    /// For each depth, for each of `targets` the recall that searches with it had. Below 1 even where nothing was missed:
    /// of `count` rows that were all found, the next may yet be missed. Empty as `visitedShares` are, and before the trial.
    var measuredRecalls: [[Float]] = Self.neighbourCounts.map { _ in [] }

    /// The share of all rows to visit, 0...1.
    func share(recall: Float, neighbourCount: Double) -> Float {
        interpolate(visitedShares, neighbourCount: neighbourCount, otherwise: 1) { shares in
            shares[min(shares.count - 1, Int(recall * Float(shares.count)))]
        }
    }

    /// The recall to expect of a search with a target, 0 ..< 1: what searches for rows that it was not set by have had.
    func expectedRecall(target: Float, neighbourCount: Double) -> Float {
        interpolate(measuredRecalls, neighbourCount: neighbourCount, otherwise: 0) { recalls in
            guard let upper = Self.targets.firstIndex(where: { $0 >= target }) else { return recalls[recalls.count - 1] }
            guard upper > 0 else { return recalls[0] }
            let position = (target - Self.targets[upper - 1]) / (Self.targets[upper] - Self.targets[upper - 1])
            return recalls[upper - 1] * (1 - position) + recalls[upper] * position
        }
    }

    /// Between the depths that were measured, by the logarithm of the depth; outside them, as at the nearest.
    private func interpolate(
        _ measurements: [[Float]], neighbourCount: Double, otherwise: Float, _ value: ([Float]) -> Float
    ) -> Float {
        let measured = zip(Self.neighbourCounts, measurements).filter { !$0.1.isEmpty }
        guard let first = measured.first, let last = measured.last else { return otherwise }
        guard neighbourCount > Double(first.0) else { return value(first.1) }
        for (lower, upper) in zip(measured, measured.dropFirst()) where neighbourCount < Double(upper.0) {
            let position = Float(
                (log(neighbourCount) - log(Double(lower.0)))
                    / (log(Double(upper.0)) - log(Double(lower.0))))
            return value(lower.1) * (1 - position) + value(upper.1) * position
        }
        return value(last.1)
    }
}
