import Foundation
import Testing

@testable import VectorIndex

/// 100,000 real text embeddings and queries with their exact neighbours, where the shared data has them.
private struct RealVectors {
    static let dimension = 384
    static let folder = sharedFolder?.appending(path: "bench/vectors")
    static let isPresent = folder.map {
        FileManager.default.fileExists(atPath: $0.appending(path: "base-100k.f16.npy").path)
    } ?? false

    /// Rows of a matrix of half-precision numbers.
    static func halves(_ name: String, rows: Range<Int>) throws -> [Float] {
        try numbers(name, rows: rows, rowCount: dimension, as: Float16.self).map(Float.init)
    }

    static func neighbours(of queries: Range<Int>) throws -> [Int32] {
        try numbers("neighbours-100k.i32.npy", rows: queries, rowCount: 100, as: Int32.self)
    }

    /// Rows of a little-endian matrix that begins after a header of 128 bytes.
    private static func numbers<Number: BitwiseCopyable>(
        _ name: String, rows: Range<Int>, rowCount: Int, as type: Number.Type
    ) throws -> [Number] {
        let file = try Data(contentsOf: folder!.appending(path: name), options: .alwaysMapped)
        let rowBytes = rowCount * MemoryLayout<Number>.size
        return file.withUnsafeBytes { bytes in
            let start = 128 + rows.lowerBound * rowBytes
            let part = UnsafeRawBufferPointer(rebasing: bytes[start ..< start + rows.count * rowBytes])
            return Array(part.bindMemory(to: Number.self))
        }
    }
}

@Suite("Recall") struct RecallTests {
    /// The neighbours are by inner product of vectors of norm 1, so by cosine too.
    @Test(.enabled(if: RealVectors.isPresent, "the shared folder with real embeddings is not here"))
    func `of the ten nearest real texts is 0.99 or better`() throws {
        let index = try makeIndex(dimension: RealVectors.dimension)
        for start in stride(from: 0, to: 100_000, by: 5_000) {
            let vectors = try RealVectors.halves("base-100k.f16.npy", rows: start ..< start + 5_000)
            try index.apply(
                RowBatch(
                    ids: (start ..< start + 5_000).map(UInt64.init),
                    kinds: Array(repeating: .upsert, count: 5_000), vectors: vectors))
        }
        let queryCount = 400
        let queries = try RealVectors.halves("queries-2k.f16.npy", rows: 0 ..< queryCount)
        let neighbours = try RealVectors.neighbours(of: 0 ..< queryCount)
        let requests = (0 ..< queryCount).map { query in
            SearchRequest(vector: Array(queries[query * RealVectors.dimension ..< (query + 1) * RealVectors.dimension]))
        }
        var foundCount = 0
        for (query, result) in index.search(batch: requests).enumerated() {
            let nearest = neighbours[query * 100 ..< query * 100 + 10].map { UInt64($0) }
            foundCount += try Set(nearest).intersection(result.get().ids).count
        }
        let recallAt10 = Double(foundCount) / Double(queryCount * 10)
        #expect(recallAt10 >= 0.99)
    }
}
