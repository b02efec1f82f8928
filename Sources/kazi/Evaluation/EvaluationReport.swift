import RecordSchema

/// What an evaluation found.
struct EvaluationReport: Sendable {
    var documentCount: Int
    var queryCount: Int
    var metrics: RetrievalMetrics
    /// Records a second, from the first byte sent to the last record searchable.
    var importRate: Double
    var queryRate: Double
    var connectionCount: Int
    var latencyP50: Duration
    var latencyP99: Duration

    var text: String {
        var table = TextTable(columns: [.init(heading: "measure"), .init(heading: "value", alignsRight: true)])
        for (name, value) in [
            ("nDCG@10", metrics.ndcgAt10), ("recall@100", metrics.recallAt100), ("MRR", metrics.reciprocalRank),
            ("P@1", metrics.precisionAt1), ("MAP", metrics.averagePrecision),
        ] {
            table.append([name, Self.fixed(value, digits: 4)])
        }
        table.append(["documents", ProgressLine.grouped(documentCount)])
        table.append(["queries", ProgressLine.grouped(queryCount)])
        table.append(["records/s imported", Self.fixed(importRate, digits: 1)])
        table.append(["queries/s, \(connectionCount) at once", Self.fixed(queryRate, digits: 1)])
        table.append(["p50 ms", Self.fixed(latencyP50.inSeconds * 1000, digits: 2)])
        table.append(["p99 ms", Self.fixed(latencyP99.inSeconds * 1000, digits: 2)])
        return table.lines(width: nil).dropFirst().joined(separator: "\n")
    }

    var json: JSON {
        .object([
            "ndcg_at_10": .number(metrics.ndcgAt10), "recall_at_100": .number(metrics.recallAt100),
            "mrr": .number(metrics.reciprocalRank), "precision_at_1": .number(metrics.precisionAt1),
            "map": .number(metrics.averagePrecision), "documents": .integer(Int64(documentCount)),
            "queries": .integer(Int64(queryCount)), "import_records_per_second": .number(importRate),
            "queries_per_second": .number(queryRate), "connections": .integer(Int64(connectionCount)),
            "latency_p50_ms": .number(latencyP50.inSeconds * 1000), "latency_p99_ms": .number(latencyP99.inSeconds * 1000),
        ])
    }

    /// - Parameter value: Finite, below 1e12.
    static func fixed(_ value: Double, digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled.magnitude % UInt(scale))
        return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt(scale))."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
