import CKernels
import Testing

@testable import VectorIndex

@Suite("Coarse kernels") struct CoarseKernelTests {
    @Test(arguments: KernelSet.available, [4, 8, 12, 44, 48, 52, 128, 512])
    func `agree with the scalar kernel bit for bit`(kernels: KernelSet, byteCount: Int) {
        var generator = SeededGenerator(seed: UInt64(byteCount))
        let input = CoarseInput(byteCount: byteCount, blockCount: 4, generator: &generator)
        for (first, end) in [(0, 128), (0, 1), (31, 32), (32, 33), (5, 100), (63, 65), (64, 96), (127, 128), (7, 7)] {
            for threshold in [-Float.infinity, 0, 3, .infinity] {
                for hasBiases in [false, true] {
                    let hits = input.run(kernels, rows: first ..< end, threshold: threshold, hasBiases: hasBiases)
                    let expected = input.run(
                        .available[0], rows: first ..< end, threshold: threshold, hasBiases: hasBiases)
                    #expect(hits == expected)
                    if threshold == -.infinity { #expect(hits.map(\.row) == (first ..< end).map(UInt32.init)) }
                }
            }
        }
    }

    /// Against the definition: a table's entry stands for the sum of the query's components with the signs of its bits.
    @Test(arguments: [32, 96, 384, 4_096])
    func `sum up what the signs of a row say of the query`(codeDimension: Int) {
        var generator = SeededGenerator(seed: UInt64(codeDimension))
        let input = CoarseInput(byteCount: codeDimension / 8, blockCount: 1, generator: &generator)
        let hits = input.run(.available[0], rows: 0 ..< 32, threshold: -.infinity, hasBiases: false)
        for hit in hits {
            let exact = input.signedSum(row: Int(hit.row))
            let estimated = (Double(Float(bitPattern: hit.keyBits)) - Double(input.base)
                - Double(input.errors[Int(hit.row)]) * Double(input.errorWeight)) / Double(input.factors[Int(hit.row)])
            // Each of codeDimension / 4 entries is off by at most half a step.
            #expect(abs(estimated - exact) <= Double(input.step) * Double(codeDimension / 4) / 2 + 1e-3)
        }
    }

    @Test(arguments: KernelSet.available, [16, 32, 48, 64, 96, 384, 400, 4_096])
    func `score single rows as the scalar kernel does`(kernels: KernelSet, rowStride: Int) {
        var generator = SeededGenerator(seed: UInt64(rowStride))
        let rows = (0 ..< 9).map { _ in (0 ..< rowStride).map { _ in UInt8.random(in: 1...255, using: &generator) } }
        let query = generator.vector(rowStride)
        var codes = [Int16](repeating: 0, count: rowStride)
        let factor = kz_scan_encode_fine_query(query, rowStride, &codes)
        #expect(codes.reduce(0) { $0 + abs(Int($1)) } <= 1 << 24)
        for (code, component) in zip(codes, query) { #expect(abs(Float(code) - component * factor) <= 0.51) }
        for count in 0...rows.count {
            let buffers = rows.map { row in
                let buffer = SharedBuffer<UInt8>(capacity: rowStride)
                row.withUnsafeBufferPointer { buffer.base.update(from: $0.baseAddress!, count: rowStride) }
                return buffer
            }
            let pointers = buffers.map { UnsafePointer($0.base) as UnsafePointer<UInt8>? }
            var sums = [Int32](repeating: 0, count: rows.count)
            withExtendedLifetime(buffers) { kernels.rescore(pointers, count, codes, rowStride, &sums) }
            for (row, sum) in zip(rows.prefix(count), sums) {
                #expect(Int(sum) == zip(row, codes).reduce(0) { $0 + (Int($1.0) - 128) * Int($1.1) })
            }
        }
    }

    /// The largest query and rows: sums at the ends of int32.
    @Test(arguments: KernelSet.available) func `score rows at the limit of the query's codes`(kernels: KernelSet) {
        for byte in [1, 255] as [UInt8] {
            let rowStride = 4_096
            var codes = [Int16](repeating: 0, count: rowStride)
            _ = kz_scan_encode_fine_query(Array(repeating: 3, count: rowStride), rowStride, &codes)
            let row = SharedBuffer<UInt8>(capacity: rowStride)
            for index in 0 ..< rowStride { row.base[index] = byte }
            var sum: Int32 = 0
            withExtendedLifetime(row) { kernels.rescore([UnsafePointer(row.base)], 1, codes, rowStride, &sum) }
            #expect(Int(sum) == codes.reduce(0) { $0 + (Int(byte) - 128) * Int($1) })
        }
    }

    @Test(arguments: [16, 17, 31, 32, 33, 96, 384, 500, 768, 1_024, 4_096])
    func `rotate without changing norms and products`(dimension: Int) {
        var generator = SeededGenerator(seed: UInt64(dimension))
        let rotation = Rotation(dimension: dimension)
        #expect(rotation.codeDimension % 32 == 0 && rotation.codeDimension - dimension < 32)
        let vectors = (0 ..< 2).map { _ in
            generator.vector(dimension) + Array(repeating: 0, count: rotation.codeDimension - dimension)
        }
        let rotated = vectors.map { vector in
            var vector = vector
            vector.withUnsafeMutableBufferPointer { rotation.apply(to: $0.baseAddress!) }
            return vector
        }
        func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        for (first, second) in [(0, 0), (0, 1), (1, 1)] {
            let before = product(vectors[first], vectors[second]), after = product(rotated[first], rotated[second])
            #expect(abs(before - after) <= 1e-4 * Double(dimension))
        }
        // One component spreads over all: none keeps more than a tenth of the whole, where there are enough.
        var unit = [Float](repeating: 0, count: rotation.codeDimension)
        unit[dimension / 3] = 1
        unit.withUnsafeMutableBufferPointer { rotation.apply(to: $0.baseAddress!) }
        if dimension >= 384 { #expect(unit.allSatisfy { $0 * $0 < 0.1 }) }
    }
}

/// What a coarse kernel is given, and a run of it.
struct CoarseInput {
    let byteCount: Int
    let codes: SharedBuffer<UInt8>
    let factors: SharedBuffer<Float>
    let errors: SharedBuffer<Float>
    let base: Float = 0.25
    let errorWeight: Float = 1.5
    private let biases: SharedBuffer<Float>
    private let tables: SharedBuffer<UInt8>
    private let query: [Float]
    private let made: kz_coarse_query

    var step: Float { made.step }

    init(byteCount: Int, blockCount: Int, generator: inout SeededGenerator) {
        self.byteCount = byteCount
        let rowCount = blockCount * 32
        codes = SharedBuffer(capacity: rowCount * byteCount)
        factors = SharedBuffer(capacity: rowCount)
        errors = SharedBuffer(capacity: rowCount)
        biases = SharedBuffer(capacity: rowCount)
        let words = UnsafeMutableRawPointer(codes.base).assumingMemoryBound(to: UInt64.self)
        for index in 0 ..< codes.capacity / 8 { words[index] = generator.next() }
        for index in 0 ..< rowCount {
            factors.base[index] = Float.random(in: 0.01...1, using: &generator)
            errors.base[index] = Float.random(in: 0...1, using: &generator)
            biases.base[index] = Float.random(in: -5...0, using: &generator)
        }
        query = generator.vector(byteCount * 8)
        tables = SharedBuffer(capacity: byteCount * 64)
        var made = kz_coarse_query(
            tables: tables.base, step: 0, offset: 0, base: base, errorWeight: errorWeight, threshold: 0)
        kz_coarse_make_tables(query, byteCount, tables.base, &made)
        self.made = made
    }

    func run(_ kernels: KernelSet, rows: Range<Int>, threshold: Float, hasBiases: Bool) -> [KernelHit] {
        var input = kz_coarse_rows(
            codes: codes.base, factors: factors.base, errors: errors.base,
            biases: hasBiases ? UnsafePointer(biases.base) : nil, byteCount: byteCount)
        var query = made
        query.threshold = threshold
        var hitRows = [UInt32](repeating: 0, count: rows.count + 1)
        var hitBounds = [Float](repeating: 0, count: rows.count + 1)
        let count = kernels.coarseScan(&input, &query, rows.lowerBound, rows.upperBound, &hitRows, &hitBounds)
        return (0 ..< count).map { KernelHit(row: hitRows[$0], keyBits: hitBounds[$0].bitPattern) }
    }

    func signedSum(row: Int) -> Double {
        var sum = 0.0
        for index in 0 ..< byteCount * 8 {
            let byte = codes[(row / 32 * byteCount + index / 8) * 32 + row % 32]
            sum += byte >> UInt8(index % 8) & 1 == 1 ? Double(query[index]) : -Double(query[index])
        }
        return sum
    }
}
