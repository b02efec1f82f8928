import CKernels
import Testing

@testable import VectorIndex

@Suite("Kernels") struct KernelSetTests {
    static let rowStrides = [16, 32, 48, 64, 80, 112, 128, 240, 256, 272, 368, 384, 400, 1_024]

    @Test(arguments: KernelSet.available, rowStrides)
    func `agree with the scalar kernel bit for bit`(kernels: KernelSet, rowStride: Int) {
        var generator = SeededGenerator(seed: UInt64(rowStride))
        for queryCount in 1...8 {
            for hasNorms in [false, true] {
                let input = KernelInput(
                    rowStride: rowStride, blockCount: 1 + queryCount % 3, queryCount: queryCount, hasNorms: hasNorms,
                    generator: &generator)
                #expect(input.run(kernels) == input.run(.available[0]))
            }
        }
    }

    /// Pairs at the limit of scan.h, with rows' bytes at both ends: where `vpmaddubsw` would saturate first.
    @Test(arguments: KernelSet.available, [(127, 1), (1, 127), (64, 64), (-64, -64), (-127, -1), (127, -127), (-127, 127)])
    func `do not saturate at the limit of the query's codes`(kernels: KernelSet, pair: (Int, Int)) {
        for byte in [0, 1, 128, 255] as [UInt8] {
            let dimension = 4_096
            let input = KernelInput(
                codes: Array(repeating: byte, count: 16 * dimension), rowStride: dimension,
                queryCodes: (0 ..< dimension).map { Int8($0 % 2 == 0 ? pair.0 : pair.1) })
            let sum = (Int(byte) - 128) * (pair.0 + pair.1) * dimension / 2
            #expect(input.run(kernels) == [(0 ..< 16).map { KernelHit(row: $0, keyBits: Float(sum).bitPattern) }])
        }
    }

    @Test func `start with the scalar one`() {
        #expect(KernelSet.available[0].name == "scalar")
    }

    @Test func `obey the limit on pairs of query codes`() throws {
        var generator = SeededGenerator(seed: 5)
        for dimension in [1, 2, 3, 4, 7, 384, 4_096] {
            for magnitude in [1e-25, 1, 1e15] as [Float] {
                let configuration = try VectorIndexConfiguration(dimension: dimension, metric: .dot)
                for vector in [
                    generator.vector(dimension, magnitude: magnitude), Array(repeating: magnitude, count: dimension),
                    (0 ..< dimension).map { $0 == 0 ? magnitude : magnitude / 254 },
                ] {
                    let query = try PreparedQuery(SearchRequest(vector: vector), configuration: configuration)
                    for index in stride(from: 0, to: query.codes.count, by: 2) {
                        let a = Int(query.codes[index]), b = Int(query.codes[index + 1])
                        #expect(max(a, 0) + max(b, 0) <= 128)
                        #expect(min(a, 0) + min(b, 0) >= -128)
                    }
                }
            }
        }
    }
}

struct KernelHit: Equatable {
    var row: UInt32
    var keyBits: UInt32
}

/// What a kernel is given, and a run of it.
struct KernelInput {
    private struct Query {
        var codes: [Int8]
        var mask: [UInt16]
        var threshold: Float
        var normFactor: Float
    }

    private let rowStride: Int
    private let blockCount: Int
    private let codes: SharedBuffer<UInt8>
    private let scales: SharedBuffer<Float>
    private let norms: SharedBuffer<Float>?
    private let queries: [Query]

    init(rowStride: Int, blockCount: Int, queryCount: Int, hasNorms: Bool, generator: inout SeededGenerator) {
        self.rowStride = rowStride
        self.blockCount = blockCount
        codes = SharedBuffer(capacity: blockCount * rowStride * 16)
        scales = SharedBuffer(capacity: blockCount * 16)
        norms = hasNorms ? SharedBuffer(capacity: blockCount * 16) : nil
        // Eight bytes a draw: tests are built without optimisation.
        let words = UnsafeMutableRawPointer(codes.base).assumingMemoryBound(to: UInt64.self)
        for index in 0 ..< codes.capacity / 8 { words[index] = generator.next() }
        for index in 0 ..< scales.capacity {
            scales.base[index] = Float.random(in: 0...1, using: &generator)
            norms?.base[index] = Float.random(in: 0...1_000, using: &generator)
        }
        queries = (0 ..< queryCount).map { _ in
            Query(
                codes: Self.makeCodes(count: rowStride, &generator),
                mask: (0 ..< blockCount).map { _ in
                    [0, .max, UInt16.random(in: 0 ... .max, using: &generator)].randomElement(using: &generator)!
                },
                threshold: [-Float.infinity, 0, 1_000].randomElement(using: &generator)!,
                normFactor: Float.random(in: -10...0, using: &generator))
        }
    }

    /// Of each pair the first may be anything, the second what that leaves.
    private static func makeCodes(count: Int, _ generator: inout SeededGenerator) -> [Int8] {
        var codes = [Int8](repeating: 0, count: count)
        for index in stride(from: 0, to: count, by: 2) {
            let draw = generator.next()
            let first = Int(draw % 255) - 127, room = min(127, 128 - abs(first))
            codes[index] = Int8(first)
            codes[index + 1] = Int8(Int(draw >> 32) % (2 * room + 1) - room)
        }
        return codes
    }

    /// One block, one query, scales of 1, every row a hit.
    init(codes bytes: [UInt8], rowStride: Int, queryCodes: [Int8]) {
        self.rowStride = rowStride
        blockCount = 1
        let codes = SharedBuffer<UInt8>(capacity: bytes.count)
        self.codes = codes
        bytes.withUnsafeBufferPointer { codes.base.update(from: $0.baseAddress!, count: $0.count) }
        scales = SharedBuffer(capacity: 16)
        for index in 0 ..< 16 { scales.base[index] = 1 }
        norms = nil
        queries = [Query(codes: queryCodes, mask: [.max], threshold: -.infinity, normFactor: 0)]
    }

    /// The hits of each query.
    func run(_ kernels: KernelSet) -> [[KernelHit]] {
        var rows = kz_scan_rows(
            codes: codes.base, scales: scales.base, norms: norms.map { UnsafePointer($0.base) },
            blockCount: blockCount, rowStride: rowStride)
        let hitRows = queries.map { _ in SharedBuffer<UInt32>(capacity: blockCount * 16) }
        let hitKeys = queries.map { _ in SharedBuffer<Float>(capacity: blockCount * 16) }
        let queryCodes = queries.map { query in
            let buffer = SharedBuffer<Int8>(capacity: query.codes.count)
            query.codes.withUnsafeBufferPointer { buffer.base.update(from: $0.baseAddress!, count: $0.count) }
            return buffer
        }
        let masks = queries.map { query in
            let buffer = SharedBuffer<UInt16>(capacity: query.mask.count)
            for index in query.mask.indices { buffer.base[index] = query.mask[index] }
            return buffer
        }
        var kernelQueries = queries.indices.map { index in
            kz_scan_query(
                codes: queryCodes[index].base, rowMask: masks[index].base, hitRows: hitRows[index].base,
                hitKeys: hitKeys[index].base, codeSum: queries[index].codes.reduce(0) { $0 + Int32($1) },
                normFactor: queries[index].normFactor, threshold: queries[index].threshold, hitCount: .max)
        }
        return withExtendedLifetime((queryCodes, masks)) {
            kernels.scan(&rows, &kernelQueries, queries.count)
            return queries.indices.map { query in
                (0 ..< Int(kernelQueries[query].hitCount)).map { hit in
                    KernelHit(row: hitRows[query][hit], keyBits: hitKeys[query][hit].bitPattern)
                }
            }
        }
    }
}
