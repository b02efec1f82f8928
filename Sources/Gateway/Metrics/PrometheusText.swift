import RecordStore

/// Prometheus text exposition format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// Begins a family; its samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: some LosslessStringConvertible) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// A family with one sample.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some LosslessStringConvertible) {
        family(name, kind, help)
        sample(name, [], value)
    }

    mutating func histogram(_ name: String, _ labels: [(String, String)], _ histogram: LatencyHistogram) {
        var cumulativeCount: UInt64 = 0
        for (bound, count) in zip(LatencyHistogram.boundsSeconds, histogram.counts) {
            cumulativeCount += count
            sample(name + "_bucket", labels + [("le", "\(bound)")], cumulativeCount)
        }
        sample(name + "_bucket", labels + [("le", "+Inf")], histogram.count)
        sample(name + "_sum", labels, histogram.sumSeconds)
        sample(name + "_count", labels, histogram.count)
    }

    mutating func distribution(_ name: String, _ distribution: Distribution) {
        var cumulativeCount: UInt64 = 0
        for (bound, count) in zip(distribution.bounds, distribution.counts) {
            cumulativeCount += count
            sample(name + "_bucket", [("le", "\(bound)")], cumulativeCount)
        }
        sample(name + "_bucket", [("le", "+Inf")], distribution.count)
        sample(name + "_sum", [], distribution.sum)
        sample(name + "_count", [], distribution.count)
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// How often something took how long.
struct LatencyHistogram: Sendable {
    /// Upper bounds of the buckets; a last one without a bound holds the rest.
    static let boundsSeconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// One for each bound: observations up to it and above the one before.
    private(set) var counts = [UInt64](repeating: 0, count: boundsSeconds.count)
    private(set) var count: UInt64 = 0
    private(set) var sumSeconds = 0.0

    mutating func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let value = Double(seconds) + Double(attoseconds) * 1e-18
        count += 1
        sumSeconds += value
        if let index = Self.boundsSeconds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
    }
}
