import Glibc

/// How many rows a search must visit, list after list, to find a wanted share of the nearest: measured with rows of the
/// index as queries when its partitioning was made.
struct Calibration: Sendable {
    /// The depths at which it was measured: the `neighbourCounts[i]` nearest rows were looked for.
    static let neighbourCounts = [10, 100, 1_000]

    /// For each depth, ascending: of the nearest rows of all queries, the share of all rows visited up to and with the
    /// list it is in. So element at 95 % of the array is the share to visit for recall 0.95.
    let visitedShares: [[Float]]

    /// The share of all rows to visit, 0...1.
    func share(recall: Float, neighbourCount: Double) -> Float {
        interpolate(neighbourCount: neighbourCount) { shares in
            shares[min(shares.count - 1, Int(recall * Float(shares.count)))]
        }
    }

    /// The recall to expect when a share of all rows is visited, 0...1.
    func recall(share: Float, neighbourCount: Double) -> Float {
        interpolate(neighbourCount: neighbourCount) { shares in
            var low = 0, high = shares.count
            while low < high {
                let middle = (low + high) / 2
                if shares[middle] <= share { low = middle + 1 } else { high = middle }
            }
            return Float(low) / Float(shares.count)
        }
    }

    /// Between the depths that were measured, by the logarithm of the depth; outside them, as at the nearest.
    private func interpolate(neighbourCount: Double, _ value: ([Float]) -> Float) -> Float {
        let measured = zip(Self.neighbourCounts, visitedShares).filter { !$0.1.isEmpty }
        guard let first = measured.first, let last = measured.last else { return 1 }
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
