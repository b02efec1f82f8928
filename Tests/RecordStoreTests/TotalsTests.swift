import RecordSchema
import RecordStore
import Testing

@Suite("Totals") struct TotalsTests {
    let directory = TemporaryDirectory()

    @Test func `count every declared collection, whatever was written and deleted`() async throws {
        let store = try openStore(directory, [makeCollection(), makeCollection("other"), makeCollection("empty")])
        for title in ["a", "b", "c"] { _ = try await store.insert(makeRecord(title: title, key: title), into: "jobs") }
        _ = try await store.insert(makeRecord(title: "again", key: "a"), into: "jobs")
        _ = try await store.insert(makeRecord(title: "a"), into: "other")
        _ = try await store.delete(1, from: "jobs")
        #expect(try await store.totals() == StoreTotals(headSeq: 6, recordCounts: ["jobs": 2, "other": 1, "empty": 0]))
        try await store.close()
        let again = try openStore(directory)
        #expect(try await again.totals() == StoreTotals(headSeq: 6, recordCounts: ["jobs": 2]))
    }

    /// Past a thousand values they are counted in another way.
    @Test(arguments: [0, 1, 7, 1_000, 1_001, 1_500]) func `count the different values of a field`(valueCount: Int) async throws {
        let store = try openStore(directory)
        let operations = (0..<2_000).map { index -> WriteOperation in
            let hasValue = index < valueCount * 2 && valueCount > 0
            let number = index % max(valueCount, 1)
            let values: [[FilterValue]] = hasValue
                ? [[.string("c\(number)")], [.number(Double(number))], [.timestamp(Int64(number))], [.boolean(true)],
                   [.string("t\(number)"), .string("t0")], []]
                : [[], [], [], [], [], []]
            return .insert(makeRecord(title: "t", values: values), duplicates: .write)
        }
        _ = try await store.write(operations, to: "jobs", atomically: true)
        for field in ["company", "salary_min", "posted_at", "tags"] {
            #expect(try await store.distinctValueCount(of: field, in: "jobs") == valueCount, "\(field)")
        }
        #expect(try await store.distinctValueCount(of: "remote", in: "jobs") == min(valueCount, 1))
        #expect(try await store.distinctValueCount(of: "grades", in: "jobs") == 0)
        if valueCount == 7 {
            // The value of a deleted record is not one, unless another has it.
            _ = try await store.delete(1, from: "jobs")
            #expect(try await store.distinctValueCount(of: "company", in: "jobs") == 7)
            _ = try await store.delete(8, from: "jobs")
            #expect(try await store.distinctValueCount(of: "company", in: "jobs") == 6)
        }
        await expectError(.unknownField("title")) { _ = try await store.distinctValueCount(of: "title", in: "jobs") }
    }

    @Test func `tell the size of the files`() async throws {
        let store = try openStore(directory)
        let ids = try await store.write(
            (0..<500).map { .insert(makeRecord(title: "title \($0)"), duplicates: .write) }, to: "jobs", atomically: true)
        try await store.checkpoint()
        let full = try await store.statistics()
        #expect(full.pageBytes == 4_096)
        #expect(full.databaseBytes == full.pageCount * full.pageBytes)
        #expect((full.walBytes, full.freePageCount) == (0, 0))
        _ = try await store.write(
            ids.map { .delete(id: try! $0.get().id, expectedSeq: nil) }, to: "jobs", atomically: true)
        let emptied = try await store.statistics()
        #expect(emptied.freePageCount > 0 && emptied.walBytes > 0)
        #expect(emptied.idempotencyKeyCount == 0 && emptied.idempotencyBytes == 0)
    }
}
