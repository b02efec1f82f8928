import Testing

@testable import RecordSchema

@Suite("Patterns") struct PatternTests {
    private static let patterns = [
        "", "a", "^a$", "a|b|", "^(?:ab|a)(?:c|bcd)(?:d*)$", "a*", "^a*$", "^a+b?c$", "^(a*)*$", "^(a|b)*c$", "^a{2}$",
        "^a{2,}$",
        "^a{1,3}$", "^a{0}$", "^(ab){2,3}$", "^a??b$", "^[abc]+$", "^[^abc]+$", "^[a-c1-3]+$", "^[-a]+$", "^[a-]+$",
        "^[]a]+$",
        "^[^]a]+$", #"^[\d-]+$"#, #"^[\]\\]+$"#, #"^\d+$"#, #"^\D+$"#, #"^\w+$"#, #"^\W+$"#, #"^\s+$"#, #"^\S+$"#,
        #"\bab\b"#,
        #"\Bb"#, #"\Aab\z"#, "a.c", "^.$", "^..$", #"^\p{L}+$"#, #"^\p{Lu}\P{Lu}*$"#, #"^\pL$"#, #"^[\p{N}x]+$"#,
        #"^[^\d\s]+$"#,
        #"^[\D1]+$"#, #"\x41"#, #"\x{e9}"#, #"\u00e9"#, #"\u{1F600}"#, #"\t\n"#, #"^[A-Z]{2}-\d{1,4}$"#,
        #"^\+?[0-9 ()-]{7,20}$"#,
        #"^[^@\s]+@[^@\s]+\.[a-z]{2,}$"#, "(?P<x>a)b", "(?<x>a)b", "a$b", "a^b", "(^a|b)$", "(a", "a)", "[a", "*a",
        "a{", "a{x}", "a{2",
        "a{3,2}", #"\q"#, #"a\"#, "(?=a)", "(?<!a)b", #"(a)\1"#, "[b-a]", "a**", "(?:)*", "^(|a)+$", "}", "]", #"\."#,
        #"\-"#, #"\ "#,
        "(((((((a)))))))", "^(?:a?){20}a{20}$", "x*y*z*$",
    ]
    private static let texts = [
        "", "a", "b", "ab", "abc", "abcd", "abbcd", "aa", "aaa", "aaaa", "abab", "ababab", "c", "aabc", "-", "1",
        "12-3", "]", "\\",
        "a]", "x1", "é", "É", "e\u{301}", "\n", "a\n", "a\nc", " ", "\t\n", "\u{A0}", "\u{85}", "ab cd", "_", "١", "Ⅷ",
        "½", "日本", "😀",
        "Éa", "ÉA", "A", "AB-1", "AB-12345", "+254 700 000", "a@b.co", "a@b", "a b@c.de", "}", ".", "-", "\u{200D}",
        "\u{300}", "aab", "xyz",
        String(repeating: "a", count: 20), String(repeating: "a", count: 41), "ǅ", "ª", "ⓐ",
    ]

    /// Ours refuses more: what it does accept means the same.
    @Test(.enabled(if: Oracle.isAvailable, Oracle.absence), .timeLimit(.minutes(10)))
    func `match what they match in Pydantic`() throws {
        let requests = Self.patterns.map {
            JSON.object(["pattern": .string($0), "values": .array(Self.texts.map(JSON.string))])
        }
        var differences: [String] = []
        for (source, answer) in zip(Self.patterns, try Oracle.answers(to: requests)) {
            let theirs = answer.objectValue?["matches"]?.arrayValue?.compactMap(\.booleanValue)
            guard let pattern = try? Pattern(source) else {
                if theirs != nil { differences.append("\(source) is refused by ours only") }
                continue
            }
            guard let theirs else {
                differences.append("\(source) is refused by Pydantic only")
                continue
            }
            for (text, match) in zip(Self.texts, theirs) where pattern.matches(text) != match {
                differences.append("\(source) on \(text.debugDescription): Pydantic says \(match)")
            }
        }
        let isEmpty = differences.isEmpty
        #expect(isEmpty, summary(differences))
    }

    @Test(arguments: [
        ("(?i)a", "only (…), (?:…) and (?<name>…) are supported"),
        ("[a[b]]", #"a class within a class is not supported; \[ is the character itself"#),
        (#"\p{Greek}"#, #"\p{Greek} is no general category such as \p{L} or \p{Lu}"#),
        ("[a&&b]", "&& between classes is not supported"),
        ("(a{1000}){1000}", "the pattern needs more than 2000 states"),
        ("((((){1000}){1000}){1000}){1000}", "the pattern needs more than 2000 states"),
        ("a{1001}", "a repetition of more than 1000"),
    ])
    func `that are not supported say why`(source: String, reason: String) {
        #expect { try Pattern(source) } throws: { ($0 as? PatternError)?.reason == reason }
    }

    @Test func `that would take others for ever take linear time`() throws {
        // A backtracking matcher needs 2^100,000 steps for the first and 10^15 for the second.
        let nested = try Pattern("^(a|a|aa)*$")
        #expect(!nested.matches(String(repeating: "a", count: 100_000) + "b"))
        #expect(!(try Pattern("a*a*a*b").matches(String(repeating: "a", count: 100_000))))
    }
}
