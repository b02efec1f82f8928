import RecordSchema
import RecordStore
import Testing

@Suite("Keyword search") struct KeywordTests {
    let directory = TemporaryDirectory()

    private func store(_ titles: [(String, [String])]) async throws -> RecordStore {
        let store = try openStore(directory)
        _ = try await store.write(
            titles.map { .insert(makeRecord(title: $0.0, company: "hidden", notes: $0.1), duplicates: .write) },
            to: "jobs", atomically: true)
        return store
    }

    @Test(arguments: [
        ("nurse", [1, 2]), ("NURSE", [1, 2]), ("nurse nairobi", [1]), ("nairobi nurse", [1]), ("cafe", [3]), ("CAFÉ", [3]),
        ("nur*", [1, 2]), ("nur", []), ("c++/java", [4]), ("java c++", [4]), ("night", [2]), ("shift ward", [2]), ("hidden", []),
        ("title", []), ("NOT nurse", []), ("nurse OR cook", []), ("nurse !!!", [1, 2]), ("!!!", []), ("", []), ("  \t\n", []), ("*", []),
        ("naïrobi", [1]), ("e-mail", [4]), ("mail-e", []), ("n", []), ("u0001", []), ("\"nurse", [1, 2]),
    ] as [(String, [Int64])])
    func `finds what a person would expect`(keyword: String, ids: [Int64]) async throws {
        let store = try await store([
            ("Nurse, Nairobi", []), ("Nurse", ["night\nshift", "\u{1}ward \"B\""]), ("Café cook", []), ("C++/Java e-mail engineer", []),
        ])
        let list = try await store.list("jobs", keyword: keyword, filter: nil, sort: RecordSort(by: .id), limit: 10, offset: 0)
        #expect(list.records.map(\.id) == ids)
        #expect(list.totalCount == ids.count)
        #expect(try await store.keywordSearch("jobs", keyword: keyword, filter: nil, limit: 10, offset: 0).count == ids.count)
    }

    @Test func `the better match comes first, with the higher score`() async throws {
        let store = try await store([
            ("a long title in which the welder is one word of many others", []), ("welder", ["welder"]), ("cook", []), ("baker", []),
        ])
        let hits = try await store.keywordSearch("jobs", keyword: "welder", filter: nil, limit: 10, offset: 0)
        #expect(hits.map(\.id) == [2, 1])
        #expect(hits[0].score > hits[1].score && hits[1].score > 0)
        let list = try await store.list("jobs", keyword: "welder", filter: nil, sort: nil, limit: 1, offset: 1)
        #expect(list.records.map(\.id) == [1])
    }

    @Test func `forgets what a record no longer says`() async throws {
        let store = try await store([("welder", ["night"]), ("cook", [])])
        _ = try await store.replace(1, with: makeRecord(title: "baker"), in: "jobs")
        _ = try await store.delete(2, from: "jobs")
        for (keyword, count) in [("welder", 0), ("night", 0), ("cook", 0), ("baker", 1)] {
            #expect(try await store.list("jobs", keyword: keyword, filter: nil, sort: nil, limit: 9, offset: 0).totalCount == count)
        }
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `is never a syntax error, whatever is typed`() async throws {
        let store = try await store([("nurse", [])])
        var hostile = [
            "\"", "\"\"", "'", "(", ")", "AND", "OR", "NOT", "NEAR", "NEAR(a b)", "a AND", "* *", "a*b", "^a", "t0:a", "{t0 t1}: a", "-a", "a + b", "a\u{0}b",
            "\u{0}", "jobs:text", "rank", "\"a\"\"", "a\" OR \"b", "\u{FFFE}", "🧑‍⚕️", String(repeating: "x", count: 100_000), "1.5", ":", ";", "--", "/*", "\\", "%",
        ]
        var generator = SeededGenerator(seed: 3)
        let alphabet = Array("ab\"'*()^:-+{}, ANDORNEAR.\\/\0\n")
        for _ in 0..<1_000 {
            hostile.append(String((0..<Int.random(in: 1...12, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }))
        }
        for keyword in hostile {
            _ = try await store.list("jobs", keyword: keyword, filter: nil, sort: nil, limit: 1, offset: 0)
        }
        await expectError(.keywordTooLong(wordCount: 65, limit: 64)) {
            _ = try await store.count("jobs", filter: nil)
            _ = try await store.keywordSearch("jobs", keyword: String(repeating: "a ", count: 65), filter: nil, limit: 1, offset: 0)
        }
    }

    @Test func `finds nothing in a collection without text`() async throws {
        let store = try openStore(directory, [makeCollection(textFields: [])])
        _ = try await store.insert(makeRecord(title: "nurse"), into: "jobs")
        #expect(try await store.keywordSearch("jobs", keyword: "nurse", filter: nil, limit: 1, offset: 0) == [])
    }
}
