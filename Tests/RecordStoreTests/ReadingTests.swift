import RecordSchema
import RecordStore
import Testing

@Suite("Reading") struct ReadingTests {
    let directory = TemporaryDirectory()

    private func insert(_ store: RecordStore, _ titles: [String]) async throws -> [Int64] {
        let results = try await store.write(
            titles.map { .insert(makeRecord(title: $0, company: $0.count > 3 ? $0 : nil), duplicates: .write) },
            to: "jobs", atomically: true)
        return try results.map { try $0.get().id }
    }

    @Test func `records come in the order asked for, without those that are not there`() async throws {
        let store = try openStore(directory)
        let ids = try await insert(store, ["one", "two", "three", "four"])
        _ = try await store.delete(ids[1], from: "jobs")
        let found = try await store.records([ids[3], 999, ids[0], ids[1], ids[3], -5], in: "jobs")
        #expect(found.map(\.id) == [ids[3], ids[0], ids[3]])
        #expect(try await store.records([], in: "jobs") == [])
        await expectError(.tooManyRows(count: 10_001, limit: 10_000)) {
            _ = try await store.records(Array(repeating: 1, count: 10_001), in: "jobs")
        }
    }

    @Test func `a list is ordered by what it is asked for, absent values last`() async throws {
        let store = try openStore(directory)
        let ids = try await insert(store, ["pear", "fig", "apple", "kiwi", "nut", "plum"])
        func list(_ sort: RecordSort?, limit: Int = 100, offset: Int = 0) async throws -> [Int64] {
            let list = try await store.list("jobs", keyword: nil, filter: nil, sort: sort, limit: limit, offset: offset)
            #expect(list.totalCount == 6)
            return list.records.map(\.id)
        }
        #expect(try await list(nil) == ids)
        #expect(try await list(RecordSort(by: .id, descending: true)) == ids.reversed())
        #expect(try await list(nil, limit: 2, offset: 3) == Array(ids[3...4]))
        #expect(try await list(nil, limit: 2, offset: 6) == [])
        #expect(try await list(nil, limit: 0) == [])
        #expect(try await list(RecordSort(by: .field("company"))) == [2, 3, 0, 5, 1, 4].map { ids[$0] })
        #expect(try await list(RecordSort(by: .field("company"), descending: true)) == [5, 0, 3, 2, 1, 4].map { ids[$0] })
        // Every stretch of the list is the same stretch of the whole, across the border to the absent values, too.
        for descending in [false, true] {
            let sort = RecordSort(by: .field("company"), descending: descending)
            let whole = try await list(sort)
            for offset in 0...6 {
                for limit in 0...7 {
                    #expect(try await list(sort, limit: limit, offset: offset) == Array(whole.dropFirst(offset).prefix(limit)))
                }
            }
        }
        _ = try await store.replace(ids[0], with: makeRecord(title: "pear"), in: "jobs")
        #expect(try await list(RecordSort(by: .updatedAt, descending: true)).first == ids[0])
        #expect(try await list(RecordSort(by: .createdAt)) == ids)
        await expectError(.unknownField("tags")) { _ = try await list(RecordSort(by: .field("tags"))) }
        await expectError(.unknownField("id; DROP TABLE x")) { _ = try await list(RecordSort(by: .field("id; DROP TABLE x"))) }
    }

    @Test func `a list counts what passes, and shows a stretch of it`() async throws {
        let store = try openStore(directory)
        _ = try await insert(store, (0..<50).map { $0 % 2 == 0 ? "even number" : "odd" })
        let filter = Filter.compare(field: "company", .equal, .string("even number"))
        let list = try await store.list("jobs", keyword: nil, filter: filter, sort: nil, limit: 10, offset: 20)
        #expect(list.totalCount == 25)
        #expect(list.records.count == 5)
        #expect(try await store.list("jobs", keyword: "odd", filter: .not(filter), sort: nil, limit: 3, offset: 0).totalCount == 25)
        #expect(try await store.list("jobs", keyword: "odd", filter: filter, sort: nil, limit: 3, offset: 0).records == [])
    }

    @Test func `pages skip nothing that stays and show nothing twice, whatever is written in between`() async throws {
        let store = try openStore(directory)
        let ids = try await insert(store, (0..<100).map { "title \($0)" })
        var seen: [Int64] = []
        var after: Int64 = 0
        while true {
            let page = try await store.page("jobs", filter: nil, afterID: after, limit: 7)
            seen += page.map(\.id)
            guard page.count == 7, let last = page.last else { break }
            after = last.id
            // One before the cursor goes, one at the far end comes, one is changed.
            if let first = seen.first(where: { $0 % 5 == 0 }) { _ = try? await store.delete(first, from: "jobs") }
            _ = try await store.replace(ids[98], with: makeRecord(title: "changed"), in: "jobs")
        }
        #expect(seen == ids)
    }

    @Test func `a reader sees one snapshot and is not kept waiting by the writer`() async throws {
        let store = try openStore(directory)
        _ = try await insert(store, (0..<10).map { "title \($0)" })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<30 {
                    _ = try await store.write(
                        (0..<10).map { .replace(id: Int64($0 + 1), makeRecord(title: "round\(round)"), expectedSeq: nil) },
                        to: "jobs", atomically: true)
                }
            }
            for _ in 0..<60 {
                let list = try await store.list("jobs", keyword: nil, filter: nil, sort: nil, limit: 100, offset: 0)
                #expect(list.records.count == 10)
                let seqs = list.records.map(\.seq)
                // All ten are of one transaction.
                #expect(seqs.max()! - seqs.min()! == 9)
            }
            try await group.waitForAll()
        }
    }
}
