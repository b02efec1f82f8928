import Foundation
import RecordSchema

@testable import VectorIndex

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for a seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number that has nothing to do with `seed` but is the same each time.
    static func mixed(_ seed: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: seed)
        return generator.next()
    }

    /// Roughly normal components of variance `magnitude²`: each the sum of the four quarters of one draw, which are
    /// uniform on 0..<65,536. A plain loop, because tests are built without optimisation.
    mutating func vector(_ dimension: Int, magnitude: Float = 1) -> [Float] {
        let unit = magnitude / (65_536 * 0.577_35)
        return [Float](unsafeUninitializedCapacity: dimension) { components, count in
            for index in 0 ..< dimension {
                let draw = next()
                let sum = (draw & 0xffff) + (draw >> 16 & 0xffff) + (draw >> 32 & 0xffff) + (draw >> 48)
                components[index] = (Float(sum) - 131_070) * unit
            }
            count = dimension
        }
    }
}

/// A batch of upserts without columns.
func makeUpserts(_ rows: [(id: UInt64, vector: [Float])]) -> RowBatch {
    RowBatch(
        ids: rows.map(\.id), kinds: rows.map { _ in .upsert }, vectors: rows.flatMap(\.vector))
}

func makeDeletes(_ ids: [UInt64], columns: [FilterColumn] = []) -> RowBatch {
    RowBatch(ids: ids, kinds: ids.map { _ in .delete }, vectors: [], columns: columns.map { ColumnBatch(type: $0.type) })
}

func makeIndex(
    dimension: Int, metric: Metric = .cosine, columns: [FilterColumn] = [], rowLimit: Int = 1_000_000
) throws -> VectorIndex {
    VectorIndex(
        try VectorIndexConfiguration(dimension: dimension, metric: metric, columns: columns, rowLimit: rowLimit))
}

/// An index of `rowCount` rows with ids 0, 1, 2 … and random vectors.
func makeFilledIndex(rowCount: Int, dimension: Int, metric: Metric = .cosine, seed: UInt64 = 1) throws -> VectorIndex {
    var generator = SeededGenerator(seed: seed)
    let index = try makeIndex(dimension: dimension, metric: metric)
    for start in stride(from: 0, to: rowCount, by: 4_096) {
        let ids = start ..< min(start + 4_096, rowCount)
        try index.apply(makeUpserts(ids.map { (UInt64($0), generator.vector(dimension)) }))
    }
    return index
}

/// The folder of data shared by the checkouts on a machine; nil where there is none.
let sharedFolder: URL? = {
    let path = ProcessInfo.processInfo.environment["KAZI_SHARED"]
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
    let folder = path.map { URL(filePath: $0) } ?? beside
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()

/// Threads of their own, to be joined: those that Dispatch and the test runner share are as few as there are cores, and
/// a test that kept them busy while it waits for another would wait for ever.
final class Threads: Sendable {
    private let runningCount = Monitor(0)

    func start(_ body: @escaping @Sendable () -> Void) {
        runningCount.withLock { $0 += 1 }
        let thread = Thread { [runningCount] in
            body()
            runningCount.withLock { $0 -= 1 }
            runningCount.wakeAll()
        }
        thread.start()
    }

    func join() { runningCount.waitUntil { $0 == 0 ? () : nil } }
}
