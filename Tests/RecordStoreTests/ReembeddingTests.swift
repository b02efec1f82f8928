import Foundation
@testable import RecordStore
import Testing

/// What two "models" of 4 and 3 dimensions make of a title.
private func oldVector(_ title: String) -> [Float] { [1, 2, 3, Float(title.utf8.reduce(0) { $0 &* 31 &+ UInt16($1) })] }
private func newVector(_ title: String) -> [Float] { [-1, -2, Float(title.utf8.reduce(7) { $0 &* 37 &+ UInt16($1) })] }

@Suite("Embedding anew") struct ReembeddingTests {
    let directory = TemporaryDirectory()
    private let old = VectorSettings(dimension: 4, metric: "cosine", modelDigest: "old", embeddedFields: ["title"])
    private let new = VectorSettings(dimension: 3, metric: "cosine", modelDigest: "new", embeddedFields: ["title"])

    private func open(_ vectors: VectorSettings?, reembeds: Bool = true, in directory: TemporaryDirectory? = nil) throws -> RecordStore {
        try RecordStore(
            directory: (directory ?? self.directory).path, collections: [makeCollection(vectors: vectors)], reembeds: reembeds)
    }

    private func fill(_ count: Int = 20) async throws {
        let store = try open(old)
        let operations: [WriteOperation] = (0..<count).map {
            .insert(makeRecord(title: "t\($0)", vector: .set(oldVector("t\($0)"))), duplicates: .write)
        }
        _ = try await store.write(operations, to: "jobs", atomically: true)
        try await store.close()
    }

    private func title(_ record: StoredRecord) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(record.body)) as? [String: Any]
        return try #require(object?["title"] as? String)
    }

    /// One round over what lacks a vector; returns how many were stored.
    private func embedRound(_ store: RecordStore, limit: Int = 7, pageCountMax: Int = .max) async throws -> Int {
        var (afterID, storedCount, pageCount): (Int64, Int, Int) = (0, 0, 0)
        while pageCount < pageCountMax {
            let records = try await store.recordsLackingPendingVector(in: "jobs", afterID: afterID, limit: limit)
            guard let last = records.last else { break }
            let vectors = try records.map { PendingVector(id: $0.id, seq: $0.seq, vector: newVector(try title($0))) }
            storedCount += try await store.putPendingVectors(vectors, in: "jobs")
            afterID = last.id
            pageCount += 1
        }
        return storedCount
    }

    private func feed(_ store: RecordStore) async throws -> FeedRows {
        try await store.feed("jobs", shardIndex: 0, shardCount: 1, afterSeq: 0, limit: 10_000)
    }

    @Test(.timeLimit(.minutes(10))) func `the old vectors serve until the new set is whole, then the new ones do`() async throws {
        try await fill()
        let store = try open(new)
        let before = VectorState(generation: 0, serving: old, target: new, pendingCount: 0, recordCount: 20)
        #expect(try await store.vectorState(of: "jobs") == before)
        #expect(try await !store.adoptPendingVectors(in: "jobs"))
        #expect(try await embedRound(store, limit: 5, pageCountMax: 2) == 10)
        #expect(try await store.vectorState(of: "jobs").pendingCount == 10)
        #expect(try await !store.adoptPendingVectors(in: "jobs"))
        #expect(try await store.vector(of: 1, in: "jobs") == oldVector("t0"))
        let oldPage = try await feed(store)
        #expect((oldPage.vectors.count, oldPage.vectorGeneration) == (80, 0))
        #expect(try await store.integrityCheck() == [])

        #expect(try await embedRound(store) == 10)
        #expect(try await store.vectorState(of: "jobs").isWhole)
        #expect(try await store.adoptPendingVectors(in: "jobs"))
        let after = VectorState(generation: 1, serving: new, target: nil, pendingCount: 0, recordCount: 20)
        #expect(try await store.vectorState(of: "jobs") == after)
        #expect(try await !store.adoptPendingVectors(in: "jobs"))
        #expect(try await store.vector(of: 1, in: "jobs") == newVector("t0"))
        // The rows kept their seqs; whoever reads from 0 gets every one with its new vector.
        let page = try await feed(store)
        #expect(page.seqs == Array(1...20))
        #expect(page.vectors == (0..<20).flatMap { newVector("t\($0)") })
        #expect(page.vectorGeneration == 1)
        #expect(store.headSeq == 20)
        _ = try await store.insert(makeRecord(title: "x", vector: .set(newVector("x"))), into: "jobs")
        await expectError(.wrongDimension(expected: 3, actual: 4)) {
            _ = try await store.insert(makeRecord(title: "x", vector: .set(oldVector("x"))), into: "jobs")
        }
        // The old vectors go by and by.
        let deadline = ContinuousClock.now + .seconds(60)
        while try await store.pool.read(RetiredTable.exists), ContinuousClock.now < deadline { await Task.yield() }
        #expect(try await !store.pool.read(RetiredTable.exists))
        #expect(try await store.integrityCheck() == [])
        try await store.close()
        let again = try open(new, reembeds: false)
        #expect(try await again.vectorState(of: "jobs").generation == 1)
        #expect(try await again.vector(of: 21, in: "jobs") == newVector("x"))
    }

    @Test func `it goes on after a crash where it was, and ends when the declaration is taken back`() async throws {
        try await fill()
        let store = try open(new)
        #expect(try await embedRound(store, limit: 5, pageCountMax: 1) == 5)
        let crashed = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: directory.path, toPath: crashed.path)
        let resumed = try open(new, in: crashed)
        #expect(try await resumed.vectorState(of: "jobs").pendingCount == 5)
        #expect(try await embedRound(resumed) == 15)
        #expect(try await resumed.adoptPendingVectors(in: "jobs"))
        // Closed before the old vectors were deleted, or after: the next opening sees to it.
        try await resumed.close()
        try await store.close()

        #expect(throws: StoreError.incompatibleCollection(name: "jobs", .dimension(stored: 4, declared: 3))) {
            _ = try open(new, reembeds: false)
        }
        let other = VectorSettings(dimension: 3, metric: "cosine", modelDigest: "other")
        let third = try open(other)
        // Vectors of one target are none of another.
        #expect(try await third.vectorState(of: "jobs").pendingCount == 0)
        #expect(try await embedRound(third, limit: 5, pageCountMax: 1) == 5)
        try await third.close()
        let back = try open(old, reembeds: false)
        let state = VectorState(generation: 0, serving: old, target: nil, pendingCount: 0, recordCount: 20)
        #expect(try await back.vectorState(of: "jobs") == state)
        #expect(try await back.vector(of: 20, in: "jobs") == oldVector("t19"))
        #expect(try await back.recordsLackingPendingVector(in: "jobs", afterID: 0, limit: 10) == [])
        #expect(try await back.putPendingVectors([PendingVector(id: 1, seq: 1, vector: nil)], in: "jobs") == 0)
        #expect(try await back.integrityCheck() == [])
    }

    @Test func `a write brings its record's new vector, keeps it, or makes the record lack one`() async throws {
        try await fill(4)
        let store = try open(new)
        #expect(try await embedRound(store) == 4)
        func record(_ title: String, _ vector: VectorWrite, _ pending: VectorWrite) -> RecordWrite {
            var record = makeRecord(title: title, vector: vector)
            record.pendingVector = pending
            record.vectorGeneration = 0
            return record
        }
        func lacking() async throws -> [Int64] {
            try await store.recordsLackingPendingVector(in: "jobs", afterID: 0, limit: 10).map(\.id)
        }
        _ = try await store.replace(1, with: record("a", .set(oldVector("a")), .set(newVector("a"))), in: "jobs")
        _ = try await store.replace(2, with: record("t1", .keep(seq: 2), .keep(seq: 2)), in: "jobs")
        #expect(try await lacking() == [])
        _ = try await store.replace(3, with: record("c", .set(oldVector("c")), .none), in: "jobs")
        _ = try await store.delete(4, from: "jobs")
        _ = try await store.insert(record("e", .set(oldVector("e")), .set(newVector("e"))), into: "jobs")
        _ = try await store.insert(makeRecord(title: "f", vector: .set(oldVector("f"))), into: "jobs")
        #expect(try await lacking() == [3, 6])
        #expect(try await !store.adoptPendingVectors(in: "jobs"))
        await expectError(.wrongDimension(expected: 3, actual: 1)) {
            _ = try await store.insert(record("x", .none, .set([1])), into: "jobs")
        }
        await expectError(.wrongDimension(expected: 3, actual: 1)) {
            _ = try await store.putPendingVectors([PendingVector(id: 6, seq: 10, vector: [1])], in: "jobs")
        }
        // Record 3 had the seq 3 and has 7; 4 is deleted; 6 is as it was read.
        let late = [(3, 3), (4, 4), (6, 10)].map { PendingVector(id: Int64($0.0), seq: Int64($0.1), vector: newVector("late")) }
        #expect(try await store.putPendingVectors(late, in: "jobs") == 1)
        #expect(try await lacking() == [3])
        // A record that has none in the new set.
        #expect(try await store.putPendingVectors([PendingVector(id: 3, seq: 7, vector: nil)], in: "jobs") == 1)
        #expect(try await store.integrityCheck() == [])
        #expect(try await store.adoptPendingVectors(in: "jobs"))
        #expect(try await store.vector(of: 1, in: "jobs") == newVector("a"))
        #expect(try await store.vector(of: 2, in: "jobs") == newVector("t1"))
        #expect(try await store.vector(of: 3, in: "jobs") == nil)
        #expect(try await store.vector(of: 5, in: "jobs") == newVector("e"))
        #expect(try await store.vector(of: 6, in: "jobs") == newVector("late"))
        // By seq: record 1 has 5, 2 has 6, 3 has 7, 4 has 8, 5 has 9, 6 has 10.
        #expect(try await feed(store).kinds == [.upsert, .upsert, .remove, .remove, .upsert, .upsert])

        // A write whose vectors were made before: the new one counts; an old one alone is no use any more.
        let both = try await store.insert(record("g", .set(oldVector("g")), .set(newVector("g"))), into: "jobs")
        #expect(try await store.vector(of: both.id, in: "jobs") == newVector("g"))
        await expectError(.conflict(currentSeq: nil)) {
            _ = try await store.insert(record("h", .set(oldVector("h")), .none), into: "jobs")
        }
        #expect(try await store.integrityCheck() == [])
    }

    @Test(.timeLimit(.minutes(10)), arguments: [true, false])
    func `nothing is lost of what is written meanwhile`(bringsBoth: Bool) async throws {
        try await fill(100)
        let store = try open(new)
        let isAdopted = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    var generator = SeededGenerator(seed: UInt64(lane))
                    var count = 0
                    // Some writes come after the new set serves.
                    var countAfter = 0
                    while countAfter < 20, count < 100_000 {
                        if isAdopted.isSet { countAfter += 1 }
                        count += 1
                        let generation = try await store.vectorState(of: "jobs").generation
                        let title = "lane\(lane) \(count)"
                        var record = makeRecord(title: title, vector: .set(generation == 0 ? oldVector(title) : newVector(title)))
                        record.vectorGeneration = generation
                        if bringsBoth, generation == 0 { record.pendingVector = .set(newVector(title)) }
                        do {
                            switch Int.random(in: 0..<4, using: &generator) {
                            case 0: _ = try await store.insert(record, into: "jobs")
                            case 1: _ = try await store.delete(Int64.random(in: 1...100, using: &generator), from: "jobs")
                            default: _ = try await store.replace(Int64.random(in: 1...100, using: &generator), with: record, in: "jobs")
                            }
                        } catch StoreError.notFound {
                        } catch StoreError.conflict where !bringsBoth {}
                        _ = try await self.feed(store)
                    }
                }
            }
            group.addTask {
                repeat { _ = try await self.embedRound(store, limit: 1_000) } while try await !store.adoptPendingVectors(in: "jobs")
                isAdopted.set()
            }
            try await group.waitForAll()
        }
        let records = try await store.page("jobs", filter: nil, afterID: 0, limit: 10_000)
        for record in records {
            #expect(try await store.vector(of: record.id, in: "jobs") == newVector(title(record)))
        }
        #expect(try await store.vectorState(of: "jobs").recordCount == records.count)
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `vectors may come and go with the declaration, but not a record's own`() async throws {
        try await fill(3)
        let without = try open(nil)
        #expect(try await without.vectorState(of: "jobs").generation == 1)
        #expect(try await without.vector(of: 1, in: "jobs") == nil)
        #expect(try await without.integrityCheck() == [])
        try await without.close()
        let again = try open(new)
        let state = VectorState(generation: 1, serving: nil, target: new, pendingCount: 0, recordCount: 3)
        #expect(try await again.vectorState(of: "jobs") == state)
        #expect(try await embedRound(again) == 3)
        #expect(try await again.adoptPendingVectors(in: "jobs"))
        #expect(try await feed(again).vectors == (0..<3).flatMap { newVector("t\($0)") })
        try await again.close()
        let own = VectorSettings(dimension: 3, metric: "cosine")
        #expect(throws: StoreError.incompatibleCollection(name: "jobs", .model(stored: "new", declared: nil))) { try open(own) }
        let verdict = try RecordStore.check([makeCollection(vectors: old)], in: directory.path, reembeds: true)
        #expect(verdict[0].adjustments == [.vectorsMadeAnew] && verdict[0].refusal == nil)
    }
}
