import RecordSchema
@testable import RecordStore
import Testing

@Suite("Feed") struct FeedTests {
    let directory = TemporaryDirectory()

    /// What one index would hold of one shard.
    private struct Replica {
        var shardIndex: Int
        var appliedSeq: Int64 = 0
        var vectors: [Int64: [Float]] = [:]
        var companies: [Int64: [FilterValue]] = [:]

        mutating func apply(_ page: FeedRows, dimension: Int) {
            #expect(page.seqs == page.seqs.sorted() && Set(page.seqs).count == page.seqs.count)
            #expect(page.seqs.first ?? .max > appliedSeq)
            #expect(page.scannedToSeq >= page.seqs.last ?? 0 && page.scannedToSeq <= page.headSeq)
            var upsertIndex = 0
            guard case .strings(let companyValues) = page.columns[0].values else {
                Issue.record("the first column holds strings")
                return
            }
            var valueIndex = 0
            for (index, id) in page.ids.enumerated() {
                guard page.kinds[index] == .upsert else {
                    vectors[id] = nil
                    companies[id] = nil
                    continue
                }
                vectors[id] = Array(page.vectors[(upsertIndex * dimension)..<((upsertIndex + 1) * dimension)])
                let count = Int(page.columns[0].counts[upsertIndex])
                companies[id] = companyValues[valueIndex..<(valueIndex + count)].map { .string($0) }
                valueIndex += count
                upsertIndex += 1
            }
            #expect(page.vectors.count == upsertIndex * dimension)
            #expect(page.columns.allSatisfy { $0.rowCount == upsertIndex })
            appliedSeq = page.scannedToSeq
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: [1, 2, 3])
    func `random writes and pulls from shards of two sizes converge to what the table holds`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let store = try openStore(directory)
        var replicas = [Replica(shardIndex: 0)] + (0..<3).map { Replica(shardIndex: $0) }
        var live: [Int64: (vector: [Float]?, company: String?)] = [:]
        var nextSeq: Int64 = 1
        for step in 0..<400 {
            var operations: [WriteOperation] = []
            var planned: [(id: Int64?, vector: [Float]?, company: String?, isDelete: Bool)] = []
            var touched: Set<Int64> = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let vector: [Float]? = Int.random(in: 0..<8, using: &generator) == 0 ? nil : (0..<4).map { _ in Float.random(in: -1...1, using: &generator) }
                let company: String? = Bool.random(using: &generator) ? "c\(step)" : nil
                let record = makeRecord(title: "t\(step)", company: company, vector: vector.map { .set($0) } ?? .none)
                let victim = live.keys.sorted().randomElement(using: &generator).flatMap { touched.insert($0).inserted ? $0 : nil }
                switch (Int.random(in: 0..<4, using: &generator), victim) {
                case (0, let victim?):
                    operations.append(.delete(id: victim, expectedSeq: nil))
                    planned.append((victim, nil, nil, true))
                case (1, let victim?):
                    operations.append(.replace(id: victim, record, expectedSeq: nil))
                    planned.append((victim, vector, company, false))
                default:
                    operations.append(.insert(record, duplicates: .write))
                    planned.append((nil, vector, company, false))
                }
            }
            for (result, plan) in zip(try await store.write(operations, to: "jobs", atomically: Bool.random(using: &generator)), planned) {
                let result = try result.get()
                #expect(result.seq == nextSeq, "no gap and no repetition")
                nextSeq += 1
                live[result.id] = plan.isDelete ? nil : (plan.vector, plan.company)
            }
            let index = Int.random(in: 0..<replicas.count, using: &generator)
            try await pull(&replicas[index], shardCount: index == 0 ? 1 : 3, limit: Int.random(in: 1...9, using: &generator), store)
        }
        for index in replicas.indices {
            while replicas[index].appliedSeq < store.headSeq {
                try await pull(&replicas[index], shardCount: index == 0 ? 1 : 3, limit: 50, store)
            }
        }
        let expected = live.compactMapValues(\.vector)
        #expect(replicas[0].vectors == expected)
        #expect(replicas[1...].reduce(into: [:]) { $0.merge($1.vectors) { _, _ in [] } } == expected)
        for (id, entry) in live where entry.vector != nil {
            #expect(replicas[0].companies[id] == entry.company.map { [.string($0)] } ?? [])
        }
        #expect(replicas[1...].allSatisfy { !$0.vectors.isEmpty })
        #expect(try await store.count("jobs", filter: nil) == live.count)
        #expect(try await store.integrityCheck() == [])
    }

    private func pull(_ replica: inout Replica, shardCount: Int, limit: Int, _ store: RecordStore) async throws {
        let page = try await store.feed(
            "jobs", shardIndex: replica.shardIndex, shardCount: shardCount, afterSeq: replica.appliedSeq, limit: limit)
        #expect(page.ids.allSatisfy { Shard.index(of: $0, shardCount: shardCount) == replica.shardIndex })
        #expect(page.rowCount <= limit)
        // A page that is not full has seen everything.
        if page.rowCount < limit { #expect(page.scannedToSeq == page.headSeq) }
        replica.apply(page, dimension: 4)
    }

    @Test func `a page ends before it outgrows its bytes`() async throws {
        var limits = StoreLimits()
        limits.feedPageBytesMax = 1
        let store = try openStore(directory, limits: limits)
        for title in ["a", "b"] { _ = try await store.insert(makeRecord(title: title), into: "jobs") }
        let page = try await store.feed("jobs", shardIndex: 0, shardCount: 1, afterSeq: 0, limit: 100)
        #expect(page.seqs == [1])
        #expect((page.scannedToSeq, page.headSeq) == (1, 2))
    }

    @Test func `another collection's writes move an empty page on`() async throws {
        let store = try openStore(directory, [makeCollection(), makeCollection("other")])
        _ = try await store.insert(makeRecord(title: "a"), into: "other")
        let page = try await store.feed("jobs", shardIndex: 0, shardCount: 1, afterSeq: 0, limit: 100)
        #expect((page.rowCount, page.scannedToSeq) == (0, 1))
    }

    /// First outputs of SplitMix64 for a seed: 0 and 1234567 as published with the reference C code and on Rosetta Code.
    @Test(arguments: [(0, 0xE220_A839_7B1D_CDAF), (1_234_567, 6_457_827_717_110_365_317)] as [(Int64, UInt64)])
    func `the shard of an id is the first output of SplitMix64`(id: Int64, output: UInt64) {
        for shardCount in [1, 2, 3, 4, 7, 64, 1000] {
            #expect(Shard.index(of: id, shardCount: shardCount) == Int(output % UInt64(shardCount)))
        }
    }

    @Test func `consecutive ids spread evenly over shards`() {
        var counts = [Int](repeating: 0, count: 8)
        for id in 1...8_000 { counts[Shard.index(of: Int64(id), shardCount: 8)] += 1 }
        #expect(counts.allSatisfy { (900...1100).contains($0) })
    }
}
