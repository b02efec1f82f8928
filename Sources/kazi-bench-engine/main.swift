import Foundation
import RecordSchema
import VectorIndex

// The index alone, measured on vectors in files: called by scripts/bench/engine, which measures the peers beside it.
//
//     kazi-bench-engine FOLDER [--rows N]
//
// FOLDER has base.f32.npy, queries.f32.npy and gt.i32.npy (100 neighbours a query, best first; with --rows they are made
// here). Prints one JSON object a line. Every timed search is also checked: against the neighbours, or an exact search.

struct Clock {
    static func seconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// A matrix after NumPy's header of version 1.
struct Matrix {
    let columnCount: Int
    let rowCount: Int
    private let bytes: Data
    private let start: Int

    init(_ url: URL) throws {
        bytes = try Data(contentsOf: url, options: .alwaysMapped)
        start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10 ..< start], as: UTF8.self)
        let shape = header.split(separator: "(")[1].split(separator: ")")[0].split(separator: ",")
            .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        rowCount = shape[0]
        columnCount = shape[1]
    }

    func rows<Number: BitwiseCopyable>(_ rows: Range<Int>, as type: Number.Type) -> [Number] {
        let rowBytes = columnCount * MemoryLayout<Number>.size
        return bytes.withUnsafeBytes { bytes in
            let part = bytes[start + rows.lowerBound * rowBytes ..< start + rows.upperBound * rowBytes]
            return part.withMemoryRebound(to: Number.self) { Array($0) }
        }
    }
}

func report(_ fields: [(String, Any)]) {
    let text = fields.map { name, value in
        let shown = switch value {
        case let number as Double: String(format: number >= 100 ? "%.0f" : "%.4g", number)
        case let number as Int: String(number)
        default: "\"\(value)\""
        }
        return "\"\(name)\": \(shown)"
    }
    print("{" + text.joined(separator: ", ") + "}")
    fflush(nil)
}

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    FileHandle.standardError.write(Data("usage: kazi-bench-engine FOLDER [--rows N]\n".utf8))
    exit(2)
}
let folder = URL(filePath: arguments[1])
let base = try Matrix(folder.appending(path: "base.f32.npy"))
let queryMatrix = try Matrix(folder.appending(path: "queries.f32.npy"))
let rowLimit = arguments.firstIndex(of: "--rows").flatMap { Int(arguments[$0 + 1]) }
let rowCount = min(base.rowCount, rowLimit ?? base.rowCount)
let dimension = base.columnCount
let queryCount = queryMatrix.rowCount
let queries = queryMatrix.rows(0 ..< queryCount, as: Float.self)
func query(_ index: Int) -> [Float] { Array(queries[index * dimension ..< (index + 1) * dimension]) }

/// One of `share` parts of the rows has the value 0: for filters that have nothing to do with the vectors.
let shares = [1, 5, 25, 100, 1_000, 10_000]
func part(_ row: Int, of share: Int) -> Double {
    var z = UInt64(row) &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) % UInt64(share))
}

let columns = shares.map { FilterColumn(name: "one_of_\($0)", type: .number) }
let index = VectorIndex(
    try VectorIndexConfiguration(dimension: dimension, metric: .cosine, columns: columns))
var cpu = Clock.seconds(CLOCK_PROCESS_CPUTIME_ID)
for start in stride(from: 0, to: rowCount, by: 1_000) {
    let rows = start ..< min(rowCount, start + 1_000)
    try index.apply(
        RowBatch(
            ids: rows.map(UInt64.init), kinds: Array(repeating: .upsert, count: rows.count),
            vectors: base.rows(rows, as: Float.self),
            columns: shares.map { share in
                ColumnBatch(
                    counts: Array(repeating: 1, count: rows.count), values: .numbers(rows.map { part($0, of: share) }))!
            }))
}
let applySeconds = Clock.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
cpu = Clock.seconds(CLOCK_PROCESS_CPUTIME_ID)
while index.arrange() {}
let arrangeSeconds = Clock.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
let statistics = index.statistics
report([
    ("engine", "kazi"), ("rows", rowCount), ("dimension", dimension), ("apply_cpu_s", applySeconds),
    ("arrange_cpu_s", arrangeSeconds),
    ("bytes_per_row", (statistics.codeBytes + statistics.idBytes + statistics.arrangementBytes) / rowCount),
    ("column_bytes_per_row", statistics.columnBytes / rowCount),
])

let truth: [[UInt64]] = try {
    if rowCount == base.rowCount {
        let neighbours = try Matrix(folder.appending(path: "gt.i32.npy"))
        return (0 ..< queryCount).map { neighbours.rows($0 ..< $0 + 1, as: Int32.self).prefix(10).map { UInt64($0) } }
    }
    let requests = (0 ..< queryCount).map { SearchRequest(vector: query($0), isExact: true) }
    return try index.search(batch: requests).map { try $0.get().ids }
}()

func recall(_ results: [SearchResult], _ truth: [[UInt64]]) -> Double {
    let found = zip(results, truth).reduce(0) { $0 + Set($1.0.ids).intersection($1.1).count }
    let wanted = truth.prefix(results.count).reduce(0) { $0 + $1.count }
    return wanted == 0 ? 1 : Double(found) / Double(wanted)
}

struct Lone {
    var results: [SearchResult] = []
    var perSecond = 0.0
    var latencies: [Double] = []
}

/// The best of three passes, one search after the other.
func runLone(_ requests: [SearchRequest]) throws -> Lone {
    var best = Lone()
    for _ in 0 ..< 3 {
        var lone = Lone()
        let start = Clock.seconds()
        for request in requests {
            let before = Clock.seconds()
            lone.results.append(try index.search(request))
            lone.latencies.append(Clock.seconds() - before)
        }
        lone.perSecond = Double(requests.count) / (Clock.seconds() - start)
        if lone.perSecond > best.perSecond { best = lone }
    }
    best.latencies.sort()
    return best
}

@Sendable func runBatches(_ requests: [SearchRequest], on index: VectorIndex) -> Double {
    for start in stride(from: 0, to: requests.count, by: 32) {
        _ = index.search(batch: Array(requests[start ..< min(requests.count, start + 32)]))
    }
    return Double(requests.count)
}

/// Searches a second by two threads, the best of three.
func onTwoThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Double {
    var best = 0.0
    for _ in 0 ..< 3 {
        let start = Clock.seconds()
        DispatchQueue.concurrentPerform(iterations: 2, execute: body)
        best = max(best, Double(count) / (Clock.seconds() - start))
    }
    return best
}

func measure(_ name: String, _ requests: [SearchRequest], truth: [[UInt64]]) throws -> Double {
    let lone = try runLone(requests)
    let recallAt10 = recall(lone.results, truth)
    var batched = 0.0
    for _ in 0 ..< 3 {
        let start = Clock.seconds()
        let count = runBatches(requests, on: index)
        batched = max(batched, count / (Clock.seconds() - start))
    }
    let halves = [Array(requests.prefix(requests.count / 2)), Array(requests.suffix(requests.count / 2))]
    let searched = index
    let loneOnTwo = onTwoThreads(requests.count) { half in for request in halves[half] { _ = try? searched.search(request) } }
    let batchedOnTwo = onTwoThreads(requests.count) { half in _ = runBatches(halves[half], on: searched) }
    report([
        ("engine", "kazi"), ("rows", rowCount), ("setting", name), ("recall", recallAt10), ("s1_qps", lone.perSecond),
        ("s2_qps", loneOnTwo), ("b1_qps", batched), ("b2_qps", batchedOnTwo),
        ("p50_ms", lone.latencies[lone.latencies.count / 2] * 1e3),
        ("p99_ms", lone.latencies[lone.latencies.count * 99 / 100] * 1e3),
    ])
    return recallAt10
}

// For each wanted recall the least target that reaches it, as the peers' settings are swept.
for wanted in [0.95, 0.99] {
    for step in 0 ... 20 {
        let target = Float(wanted) - 0.02 + Float(step) * 0.0025
        guard target <= 0.999 else { break }
        let probe = (0 ..< queryCount).map { SearchRequest(vector: query($0), recallTarget: target) }
        let results = try index.search(batch: probe).map { try $0.get() }
        guard recall(results, truth) >= wanted else { continue }
        _ = try measure("recall \(wanted), target \(target)", probe, truth: truth)
        break
    }
}
let few = min(queryCount, 200)
_ = try measure(
    "exact", (0 ..< few).map { SearchRequest(vector: query($0), isExact: true) }, truth: Array(truth.prefix(few)))
for share in shares {
    let filter = Filter.compare(field: "one_of_\(share)", .equal, .number(0))
    let exact = (0 ..< few).map { SearchRequest(vector: query($0), filter: filter, isExact: true) }
    let filteredTruth = try index.search(batch: exact).map { try $0.get().ids }
    let recallAt10 = try measure(
        "filter 1 of \(share)", (0 ..< few).map { SearchRequest(vector: query($0), filter: filter) }, truth: filteredTruth)
    guard recallAt10 >= 0.98 else {
        FileHandle.standardError.write(Data("filter 1 of \(share): recall \(recallAt10) is below 0.98\n".utf8))
        exit(1)
    }
}
