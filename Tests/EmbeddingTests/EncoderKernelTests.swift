import CKernels
import Foundation
import Testing

@testable import Embedding

@Suite("Encoder kernels") struct EncoderKernelTests {
    /// Uniform in -1...1.
    private func floats(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    /// To the nearest bfloat16, by the definition: 8 bits of significand.
    private func bfloat16(_ value: Float) -> Double {
        guard value != 0 else { return 0 }
        let step = scalbn(1.0, ilogb(Double(value)) - 7)
        return (Double(value) / step).rounded(.toNearestOrEven) * step
    }

    @Test(arguments: EncoderKernels.available, [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 25, 48, 49])
    func `multiply like double precision`(kernels: EncoderKernels, rowCount: Int) {
        // Widths of an odd and an even number of panels, depths on both sides of a block.
        for (depth, width) in [(16, 16), (384, 48), (400, 32), (768, 16)] {
            let x = floats(rowCount * depth, seed: 1), weights = floats(width * depth, seed: 2), bias = floats(width, seed: 3)
            var panels = [UInt16](repeating: 0, count: width * depth)
            #expect(kz_encoder_pack(weights, width, depth, &panels) == 1)
            let rounded = weights.map(bfloat16)
            let products = (0..<rowCount * width).map { index in
                var sum = 0.0
                for k in 0..<depth { sum += Double(x[index / width * depth + k]) * rounded[index % width * depth + k] }
                return sum + Double(bias[index % width])
            }
            for kind in [KZ_LINEAR_PLAIN, KZ_LINEAR_ADD, KZ_LINEAR_GELU] {
                let before = floats(rowCount * width, seed: 4)
                var y = before
                kernels.set.pointee.linear(x, rowCount, depth, panels, bias, width, kind, &y)
                var worst = 0.0
                for (index, product) in products.enumerated() {
                    var expected = product
                    if kind == KZ_LINEAR_ADD { expected += Double(before[index]) }
                    if kind == KZ_LINEAR_GELU { expected = expected * 0.5 * (1 + erf(expected / 2.0.squareRoot())) }
                    worst = max(worst, abs(expected - Double(y[index])))
                }
                // A chain of `depth` additions of terms below 1: each rounds a partial sum below 64 to 24 bits.
                #expect(worst < Double(depth) * 64 * scalbn(1.0, -24))
            }
        }
    }

    @Test func `tell a weight that is not finite, also one that rounds to infinity`() {
        for bad in [Float.nan, .infinity, -.infinity, .signalingNaN, .greatestFiniteMagnitude] {
            var weights = floats(256, seed: 5), panels = [UInt16](repeating: 0, count: 256)
            #expect(kz_encoder_pack(weights, 16, 16, &panels) == 1)
            weights[77] = bad
            #expect(kz_encoder_pack(weights, 16, 16, &panels) == 0)
        }
    }

    @Test(arguments: EncoderKernels.available)
    func `have GELU within 1.5e-6 of its definition from -12 to 12`(kernels: EncoderKernels) {
        // A product with the unit matrix leaves the numbers as they are.
        let unit = (0..<256).map { Float($0 / 16 == $0 % 16 ? 1 : 0) }
        var panels = [UInt16](repeating: 0, count: 256)
        _ = kz_encoder_pack(unit, 16, 16, &panels)
        let x = (0..<65536).map { Float($0 - 32768) / 32768 * 12 }
        var y = [Float](repeating: 0, count: x.count)
        kernels.set.pointee.linear(x, 4096, 16, panels, [Float](repeating: 0, count: 16), 16, KZ_LINEAR_GELU, &y)
        var worst = 0.0
        for (input, output) in zip(x, y) {
            // The inputs went through the product's float32 sums unchanged.
            let t = Double(input)
            let expected: Double = 0.5 * t * erfc(-t / 2.0.squareRoot())
            worst = max(worst, abs(expected - Double(output)))
        }
        // erf within 4e-7 and x up to 4 where it is not yet 1.
        #expect(worst < 1.5e-6)
    }

    @Test(arguments: EncoderKernels.available, [1, 2, 15, 16, 17, 33, 48, 49, 65])
    func `attend like double precision`(kernels: EncoderKernels, rowCount: Int) {
        let heads = 2, dimension = 32, hidden = heads * dimension
        // Scores far apart too: the softmax must not overflow.
        let qkv = floats(rowCount * 3 * hidden, seed: 6).map { $0 * 8 }
        var y = [Float](repeating: .nan, count: rowCount * hidden)
        var scratch = [Float](repeating: .nan, count: kz_encoder_attention_scratch(rowCount, dimension))
        kernels.set.pointee.attention(qkv, rowCount, heads, dimension, &y, &scratch)
        func part(_ row: Int, _ part: Int, _ head: Int) -> [Double] {
            (0..<dimension).map { Double(qkv[row * 3 * hidden + part * hidden + head * dimension + $0]) }
        }
        for head in 0..<heads {
            let keys = (0..<rowCount).map { part($0, 1, head) }, values = (0..<rowCount).map { part($0, 2, head) }
            for row in 0..<rowCount {
                let query = part(row, 0, head)
                var scores: [Double] = []
                for key in keys {
                    var score = 0.0
                    for d in 0..<dimension { score += query[d] * key[d] }
                    scores.append(score / Double(dimension).squareRoot())
                }
                let most = scores.max() ?? 0
                let weights = scores.map { exp($0 - most) }
                let total = weights.reduce(0, +)
                var worst = 0.0
                for d in 0..<dimension {
                    var expected = 0.0
                    for (weight, value) in zip(weights, values) { expected += weight / total * value[d] }
                    worst = max(worst, abs(expected - Double(y[row * hidden + head * dimension + d])))
                }
                // Scores up to a few hundred carry an error of their 24 bits into the exponent, times values up to 8.
                #expect(worst < 2e-4)
            }
        }
    }

    @Test(arguments: EncoderKernels.available)
    func `normalize, add and pool like double precision`(kernels: EncoderKernels) {
        let width = 384, rowCount = 5
        let x = floats(width * rowCount, seed: 7), gain = floats(width, seed: 8), offset = floats(width, seed: 9)
        var normal = x
        kernels.set.pointee.layer_norm(&normal, rowCount, width, gain, offset, 1e-12)
        for row in 0..<rowCount {
            let values = x[row * width..<(row + 1) * width].map(Double.init)
            let mean = values.reduce(0, +) / Double(width)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(width)
            for i in 0..<width {
                let expected = (values[i] - mean) / (variance + 1e-12).squareRoot() * Double(gain[i]) + Double(offset[i])
                #expect(abs(expected - Double(normal[row * width + i])) < 1e-5)
            }
        }
        var sum = x
        kernels.set.pointee.add(normal, x.count, &sum)
        #expect(sum == zip(x, normal).map { $0 + $1 })

        var pooled = [Float](repeating: 0, count: width)
        kernels.set.pointee.pool(x, rowCount, width, &pooled)
        let means = (0..<width).map { i in (0..<rowCount).map { Double(x[$0 * width + i]) }.reduce(0, +) / Double(rowCount) }
        #expect(cosine(pooled, means.map { Float($0) }) > 0.999_999)
        #expect(abs(pooled.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        kernels.set.pointee.pool([Float](repeating: 0, count: width), 1, width, &pooled)
        #expect(pooled.allSatisfy { $0 == 0 })
    }
}
