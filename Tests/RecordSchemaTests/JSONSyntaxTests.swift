import Testing

@testable import RecordSchema

@Suite("JSON text") struct JSONSyntaxTests {
    @Test(
        .enabled(if: Oracle.isAvailable, Oracle.absence), .timeLimit(.minutes(10)))
    func `is read as Python's json reads it, with its messages and positions`() throws {
        let texts = Self.texts()
        let answers = try Oracle.answers(to: texts.map { .object(["json": .string($0)]) })
        var differences: [String] = []
        for (source, theirs) in zip(texts, answers) {
            let ours: JSON
            do {
                ours = .object(["value": try JSON(parsing: Array(source.utf8))])
            } catch {
                ours = .object(["message": .string(error.message), "position": .integer(Int64(error.position))])
            }
            if text(ours) != text(theirs), !Self.isExpectedDifference(ours, theirs) {
                differences.append(
                    "\(source.prefix(300)): ours \(text(ours).prefix(300)), Python's \(text(theirs).prefix(300))")
            }
        }
        let isEmpty = differences.isEmpty
        #expect(isEmpty, summary(differences))
    }

    /// What no stored text can hold, and what newer Pythons say of a trailing comma.
    private static func isExpectedDifference(_ ours: JSON, _ theirs: JSON) -> Bool {
        text(ours).contains("Surrogate without its partner") && theirs.objectValue?["value"] == nil
            || text(theirs).contains("Illegal trailing comma")
    }

    private static func texts() -> [String] {
        let samples = [
            #"{"a": [1, -2.5e+3, true, null], "b": {"c": "\u00e9\ud83d\ude00\n\"\\\/"}, "é": "日本"}"#,
            #" [ ] "#, #"{"a":1,"a":2,"b":3,"a":4}"#, #"["\ud83d\ude00x", "😀", "\u0000", "\t\b\f\r"]"#,
            "[NaN, Infinity, -Infinity]",
            "[0, -0, 0.0, -0.0, 1e5, 1E-5, 0e0, 10000000000000000000000, 9223372036854775807, -9223372036854775808]",
        ]
        var texts = samples
        // Every truncation, then damage at random.
        for sample in samples {
            let scalars = Array(sample.unicodeScalars)
            for end in 0..<scalars.count {
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars[..<end])
                texts.append(String(view))
            }
        }
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<20_000 { texts.append(BodyTexts.damaged(generator.pick(samples), using: &generator)) }
        for _ in 0..<10_000 { texts.append(ValueTexts.randomNumber(using: &generator)) }
        texts += ValueTexts.integers + ValueTexts.numbers + ValueTexts.numericTexts.filter { $0.utf8.count < 4_000 }
        return texts
    }

    @Test(
        arguments: [
            ([0x22, 0xFF, 0x22], "Invalid UTF-8", 1), ([0x22, 0xC3, 0xA9, 0xC3, 0x22], "Invalid UTF-8", 2),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], "Invalid UTF-8", 1), ([0xEF, 0xBB, 0xBF, 0x5B], "Expecting value", 1),
        ] as [([UInt8], String, Int)])
    func `that is not UTF-8 has its place told`(bytes: [UInt8], message: String, position: Int) {
        #expect(throws: JSONSyntaxError(message: message, position: position)) { try JSON(parsing: bytes) }
    }

    @Test func `may begin with a byte order mark`() throws {
        #expect(try JSON(parsing: [0xEF, 0xBB, 0xBF] + Array("[1]".utf8)) == [1])
    }

    @Test(arguments: ["[", #"{"a":"#])
    func `may be 128 levels deep and no deeper`(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: opening, count: depth - 1) + (opening == "[" ? "[]" : "{}")
                    + String(repeating: closing, count: depth - 1)).utf8)
        }
        _ = try JSON(parsing: nested(128))
        let position = 128 * opening.unicodeScalars.count
        #expect(throws: JSONSyntaxError(message: "Nested more than 128 levels deep", position: position)) {
            try JSON(parsing: nested(129))
        }
        // A mebibyte of openings is refused as early.
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 1 << 20)) }
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud83dx""#, #""\ud83d\n""#])
    func `with half a surrogate pair is refused`(source: String) {
        #expect(throws: JSONSyntaxError(message: "Surrogate without its partner", position: 1)) {
            try JSON(parsing: Array(source.utf8))
        }
    }

    @Test func `of random bytes never does harm`() {
        var generator = SeededGenerator(seed: 5)
        let alphabet =
            Array(#"{}[]",:\u0d8eE+-.tfn 1Ia"#.utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
        var acceptedCount = 0
        for _ in 0..<50_000 {
            let count = Int.random(in: 0...24, using: &generator)
            let bytes = (0..<count).map { _ in generator.pick(alphabet) }
            guard let value = try? JSON(parsing: bytes) else { continue }
            acceptedCount += 1
            // What is read can be written and read again.
            let written = value.serialized()
            #expect((try? JSON(parsing: written))?.serialized() == written)
        }
        #expect(acceptedCount > 100)
    }

    @Test func `may have numbers that are none, as Python's may, and is written without them`() throws {
        let value = try JSON(parsing: Array("[NaN, -Infinity, Infinity, 1e999, -1e999]".utf8))
        let elements = try #require(value.arrayValue)
        let numbers = elements.compactMap(\.doubleValue)
        #expect(numbers[0].isNaN)
        #expect(Array(numbers[1...]) == [-.infinity, .infinity, .infinity, -.infinity])
        #expect(text(value) == "[null,null,null,null,null]")
    }

    @Test func `is written as Python writes it`() throws {
        let values: [(Double, String)] = [
            (5, "5.0"), (0.1, "0.1"), (-0.0, "-0.0"), (1e16, "1e+16"), (9_999_999_999_999_998, "9999999999999998.0"),
            (12_345_678_901_234_568, "1.2345678901234568e+16"), (1e-4, "0.0001"), (1e-5, "1e-05"),
            (1.5e300, "1.5e+300"),
            (.leastNonzeroMagnitude, "5e-324"), (1e22, "1e+22"), (123456789.125, "123456789.125"),
            (-1.5e16, "-1.5e+16"),
        ]
        for (value, expected) in values { #expect(text(.number(value)) == expected) }
        #expect(text(.string("é\u{1}\"\\\n😀/\u{7F}")) == #""é\u0001\"\\\n😀/"# + "\u{7F}\"")
    }
}
