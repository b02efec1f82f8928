import RecordSchema
import RecordStore
import Synchronization
import Testing

@Suite("Writing") struct WritingTests {
    let directory = TemporaryDirectory()

    @Test func `an inserted record reads back byte for byte, with the next seq`() async throws {
        let store = try openStore(directory)
        let first = makeRecord(title: "Nurse \u{0} \"quoted\" ümläut 😀", key: "a")
        let result = try await store.insert(first, into: "jobs")
        #expect(result.kind == .created)
        #expect(result.seq == 1)
        let second = try await store.insert(makeRecord(title: "Welder"), into: "jobs")
        #expect(second.seq == 2)
        #expect(second.id > result.id)
        let read = try #require(await store.record(result.id, in: "jobs"))
        #expect(read.body == first.body)
        #expect((read.id, read.seq) == (result.id, result.seq))
        #expect((read.createdAt, read.updatedAt) == (result.createdAt, result.updatedAt))
        #expect(try await store.vector(of: result.id, in: "jobs") == [1, 0, 0, 0])
        #expect(store.headSeq == 2)
        #expect(try await store.count("jobs", filter: nil) == 2)
    }

    @Test func `a natural key that is there makes an insert an update`() async throws {
        let store = try openStore(directory)
        let created = try await store.insert(makeRecord(title: "Nurse", key: "k"), into: "jobs")
        let updated = try await store.insert(makeRecord(title: "Head nurse", key: "k"), into: "jobs")
        #expect(updated.kind == .updated)
        #expect(updated.id == created.id)
        #expect(updated.createdAt == created.createdAt)
        #expect(updated.seq == 2)
        #expect(try await store.count("jobs", filter: nil) == 1)
        // Keys that differ only in a NUL are different keys.
        let other = try await store.insert(makeRecord(title: "Nurse", key: "k\u{0}x"), into: "jobs")
        let another = try await store.insert(makeRecord(title: "Nurse", key: "k\u{0}y"), into: "jobs")
        #expect(other.kind == .created && another.kind == .created)
    }

    @Test func `the key of a deleted record is free again, and its id is not`() async throws {
        let store = try openStore(directory)
        let first = try await store.insert(makeRecord(title: "Nurse", key: "k"), into: "jobs")
        let deleted = try await store.delete(first.id, from: "jobs")
        #expect((deleted.kind, deleted.seq) == (.deleted, 2))
        #expect(try await store.record(first.id, in: "jobs") == nil)
        #expect(try await store.vector(of: first.id, in: "jobs") == nil)
        let second = try await store.insert(makeRecord(title: "Nurse", key: "k"), into: "jobs")
        #expect(second.kind == .created)
        #expect(second.id > first.id)
        await expectError(.notFound(id: first.id)) { _ = try await store.delete(first.id, from: "jobs") }
        await expectError(.notFound(id: first.id)) {
            _ = try await store.replace(first.id, with: makeRecord(title: "x"), in: "jobs")
        }
        #expect(store.headSeq == 3)
    }

    @Test func `replace and delete keep to the seq they expect`() async throws {
        let store = try openStore(directory)
        let first = try await store.insert(makeRecord(title: "Nurse"), into: "jobs")
        let second = try await store.replace(first.id, with: makeRecord(title: "Cook"), in: "jobs", expectedSeq: first.seq)
        await expectError(.conflict(currentSeq: second.seq)) {
            _ = try await store.replace(first.id, with: makeRecord(title: "Smith"), in: "jobs", expectedSeq: first.seq)
        }
        await expectError(.conflict(currentSeq: second.seq)) {
            _ = try await store.delete(first.id, from: "jobs", expectedSeq: first.seq)
        }
        #expect(try await store.record(first.id, in: "jobs")?.text.contains("Cook") == true)
        _ = try await store.delete(first.id, from: "jobs", expectedSeq: second.seq)
        #expect(store.headSeq == 3)
    }

    @Test func `a replaced record cannot take another's key`() async throws {
        let store = try openStore(directory)
        let a = try await store.insert(makeRecord(title: "A", key: "a"), into: "jobs")
        let b = try await store.insert(makeRecord(title: "B", key: "b"), into: "jobs")
        await expectError(.keyTaken(byID: a.id)) {
            _ = try await store.replace(b.id, with: makeRecord(title: "B", key: "a"), in: "jobs")
        }
        _ = try await store.replace(b.id, with: makeRecord(title: "B", key: "c"), in: "jobs")
        _ = try await store.insert(makeRecord(title: "new", key: "b"), into: "jobs")
        #expect(try await store.count("jobs", filter: nil) == 3)
    }

    @Test func `a vector is kept only from the record that was read`() async throws {
        let store = try openStore(directory)
        let a = try await store.insert(makeRecord(title: "A", vector: .set([0, 1, 0, 0])), into: "jobs")
        let b = try await store.replace(a.id, with: makeRecord(title: "B", vector: .keep(seq: a.seq)), in: "jobs")
        #expect(try await store.vector(of: a.id, in: "jobs") == [0, 1, 0, 0])
        await expectError(.conflict(currentSeq: b.seq)) {
            _ = try await store.replace(a.id, with: makeRecord(title: "C", vector: .keep(seq: a.seq)), in: "jobs")
        }
        await expectError(.conflict(currentSeq: nil)) {
            _ = try await store.insert(makeRecord(title: "new", vector: .keep(seq: 1)), into: "jobs")
        }
        _ = try await store.replace(a.id, with: makeRecord(title: "D", vector: .none), in: "jobs")
        #expect(try await store.vector(of: a.id, in: "jobs") == nil)
    }

    @Test func `equal records are skipped when that is asked for`() async throws {
        let store = try openStore(directory)
        let record = makeRecord(title: "Nurse")
        let first = try await store.insert(record, into: "jobs")
        #expect(try await store.duplicates(of: [record, makeRecord(title: "Cook")], in: "jobs") == [first.id, nil])
        let again = try await store.insert(record, into: "jobs", duplicates: .skip)
        #expect((again.kind, again.id, again.seq) == (.duplicate, first.id, first.seq))
        #expect(store.headSeq == 1)
        // Written all the same when it is not.
        #expect(try await store.insert(record, into: "jobs").kind == .created)
        // A batch sees its own records.
        let results = try await store.write(
            [makeRecord(title: "Cook"), makeRecord(title: "Cook"), makeRecord(title: "Cook", key: "k"),
             makeRecord(title: "Cook", key: "k"), makeRecord(title: "Chef", key: "k")].map { .insert($0, duplicates: .skip) },
            to: "jobs", atomically: false)
        #expect(try results.map { try $0.get().kind } == [.created, .duplicate, .created, .duplicate, .updated])
    }

    @Test func `a vector that is a field tells two records apart`() async throws {
        let store = try openStore(
            directory, [makeCollection(vectors: VectorSettings(dimension: 4, metric: "dot"))])
        let a = try await store.insert(makeRecord(title: "A", vector: .set([1, 0, 0, 0])), into: "jobs")
        let b = try await store.insert(makeRecord(title: "A", vector: .set([0, 1, 0, 0])), into: "jobs", duplicates: .skip)
        #expect(b.kind == .created)
        let c = try await store.insert(makeRecord(title: "A", vector: .set([1, 0, 0, 0])), into: "jobs", duplicates: .skip)
        #expect((c.kind, c.id) == (.duplicate, a.id))
        let d = try await store.insert(makeRecord(title: "A", vector: .none), into: "jobs", duplicates: .skip)
        #expect(d.kind == .created)
    }

    @Test func `each operation of a batch fails by itself`() async throws {
        let store = try openStore(directory)
        let results = try await store.write(
            [
                .insert(makeRecord(title: "A"), duplicates: .write), .delete(id: 99, expectedSeq: nil),
                .insert(makeRecord(title: "B", vector: .set([1])), duplicates: .write),
                .insert(RecordWrite(body: [UInt8]("{}".utf8), filterValues: []), duplicates: .write),
                .insert(makeRecord(title: "C"), duplicates: .write),
            ], to: "jobs", atomically: false)
        #expect(try results[0].get().seq == 1)
        #expect(results[1] == .failure(.notFound(id: 99)))
        #expect(results[2] == .failure(.wrongDimension(expected: 4, actual: 1)))
        #expect(results[3] == .failure(.valuesDoNotFit(collection: "jobs")))
        #expect(try results[4].get().seq == 2)
        #expect(store.headSeq == 2)
    }

    @Test func `an atomic batch is written whole or not at all`() async throws {
        let store = try openStore(directory)
        let kept = try await store.insert(makeRecord(title: "Kept", key: "k"), into: "jobs")
        let operations: [WriteOperation] = [
            .insert(makeRecord(title: "A"), duplicates: .write), .delete(id: kept.id, expectedSeq: nil),
            .delete(id: 99, expectedSeq: nil), .insert(makeRecord(title: "B"), duplicates: .write),
        ]
        await expectError(.batchFailed(index: 2, reason: .notFound(id: 99))) {
            _ = try await store.write(operations, to: "jobs", atomically: true)
        }
        #expect(store.headSeq == 1)
        #expect(try await store.record(kept.id, in: "jobs")?.text.contains("Kept") == true)
        #expect(try await store.list("jobs", keyword: "kept", filter: nil, sort: nil, limit: 10, offset: 0).totalCount == 1)
        #expect(try await store.count("jobs", filter: nil) == 1)
        let results = try await store.write(Array(operations[...1]), to: "jobs", atomically: true)
        #expect(try results.map { try $0.get().seq } == [2, 3])
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `all collections share one sequence`() async throws {
        let heads = Mutex<[(Set<String>, Int64)]>([])
        let store = try openStore(
            directory, [makeCollection(), makeCollection("events", columns: [], textFields: [], vectors: nil)],
            onCommit: { collections, head in heads.withLock { $0.append((collections, head)) } })
        #expect(try await store.insert(makeRecord(title: "A"), into: "jobs").seq == 1)
        #expect(try await store.insert(RecordWrite(body: [UInt8]("{}".utf8)), into: "events").seq == 2)
        #expect(try await store.insert(makeRecord(title: "B"), into: "jobs").seq == 3)
        await expectError(.notFound(id: 7)) { _ = try await store.delete(7, from: "jobs") }
        await expectError(.unknownCollection("nope")) { _ = try await store.delete(7, from: "nope") }
        let seen = heads.withLock { $0 }
        #expect(seen.map(\.0) == [["jobs"], ["events"], ["jobs"]])
        #expect(seen.map(\.1) == [1, 2, 3])
    }

    @Test func `what was written is there after the store is opened again`() async throws {
        let record = makeRecord(title: "Nurse", key: "k")
        let first = try openStore(directory)
        let storeID = first.storeID
        let written = try await first.insert(record, into: "jobs")
        try await first.close()
        await expectError(.closed) { _ = try await first.insert(record, into: "jobs") }
        await expectError(.closed) { _ = try await first.record(1, in: "jobs") }
        await expectError(.closed) { try await first.close() }

        let second = try openStore(directory)
        #expect(second.storeID == storeID)
        #expect(second.headSeq == 1)
        #expect(try await second.record(written.id, in: "jobs")?.body == record.body)
        let again = try await second.insert(record, into: "jobs", duplicates: .skip)
        #expect(again.kind == .duplicate)
        #expect(try await second.insert(makeRecord(title: "Cook"), into: "jobs").seq == 2)
    }
}
