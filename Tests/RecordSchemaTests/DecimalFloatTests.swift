import Testing

@testable import RecordSchema

@Suite("Decimal numbers") struct DecimalFloatTests {
    private func number(_ text: String) throws -> Double {
        try #require(try JSON(parsing: Array(text.utf8)).doubleValue)
    }

    @Test func `are the nearest double, as the C library has it`() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<200_000 {
            let digits =
                UInt64.random(in: 0...(.max), using: &generator) >> UInt64.random(in: 0...63, using: &generator)
            let text = "\(digits)e\(Int.random(in: -30...30, using: &generator))"
            #expect(try number(text) == Double(text), "\(text)")
        }
    }

    @Test func `are read back as they were written`() throws {
        var generator = SeededGenerator(seed: 10)
        for _ in 0..<100_000 {
            let value = Double(bitPattern: .random(in: 0...(.max), using: &generator))
            guard value.isFinite else { continue }
            #expect(try number(text(.number(value))).bitPattern == value.bitPattern)
            let small = Double(Float.random(in: -1...1, using: &generator))
            #expect(try number(text(.number(small))).bitPattern == small.bitPattern)
        }
    }

    /// Halfway between two doubles, and the digit that decides; from the definition of round to nearest, ties to even.
    @Test(
        arguments: [
            ("9007199254740993", 9_007_199_254_740_992), ("9007199254740993.0", 9_007_199_254_740_992),
            ("9007199254740993.00000000000000000000000001", 9_007_199_254_740_994),
            ("9007199254740995.0", 9_007_199_254_740_996),
            ("18014398509481990e-1", 1_801_439_850_948_199), ("0.5e0", 0.5), ("1e23", 1e23), ("8.5e22", 8.5e22),
            ("1e-22", 1e-22),
            ("0.000000000000000000000000000000000000000000001e45", 1),
            ("123456789012345678901234567890e-20", 1_234_567_890.123_456_8),
        ] as [(String, Double)])
    func `on an edge are rounded right`(text: String, expected: Double) throws {
        #expect(try number(text + (text.contains(".") || text.contains("e") ? "" : ".0")) == expected)
    }
}
