import RecordSchema
@testable import RecordStore
import Synchronization
import Testing

/// A key whose fingerprint is 32 times the byte `request`.
func makeKey(_ text: String, request: UInt8 = 1, scope: String = "") throws -> IdempotencyKey {
    try IdempotencyKey(text, scope: scope, fingerprint: Array(repeating: request, count: 32))
}

/// A clock that a test turns.
final class ManualClock: Sendable {
    private let time: Mutex<Int64>
    init(_ microseconds: Int64 = 1_700_000_000_000_000) { time = Mutex(microseconds) }
    var now: Int64 { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }
}

@Suite("Idempotency keys") struct IdempotencyTests {
    let directory = TemporaryDirectory()

    private func insert(_ title: String, key: String? = nil) -> WriteOperation {
        .insert(makeRecord(title: title, key: key), duplicates: .write)
    }

    private func keyCount(_ store: RecordStore) async throws -> Int64? {
        try await store.pool.read { try $0.integer("SELECT count(*) FROM idempotency_keys") }
    }

    @Test func `a repeat gets the first answer, though the record was changed and deleted since`() async throws {
        let store = try openStore(directory)
        let key = try makeKey("k")
        #expect(try await store.idempotentAnswer(to: key, in: "jobs") == nil)
        let first = try await store.write(insert("Nurse"), to: "jobs", idempotency: key)
        #expect(first.result.kind == .created && !first.isReplay)
        #expect(try await store.record(first.result.id, in: "jobs") == first.record)
        var replay = first
        replay.isReplay = true
        _ = try await store.replace(first.result.id, with: makeRecord(title: "Cook"), in: "jobs")
        #expect(try await store.write(insert("Nurse"), to: "jobs", idempotency: key) == replay)
        _ = try await store.delete(first.result.id, from: "jobs")
        #expect(try await store.write(insert("Nurse"), to: "jobs", idempotency: key) == replay)
        #expect(try await store.idempotentAnswer(to: key, in: "jobs") == replay)
        #expect(store.headSeq == 3)
        #expect(try await store.count("jobs", filter: nil) == 0)
        try await store.close()
        let again = try openStore(directory)
        #expect(try await again.write(insert("Nurse"), to: "jobs", idempotency: key) == replay)
        #expect(try await again.integrityCheck() == [])
    }

    @Test func `a key of another request is refused, one of another scope or collection is another key`() async throws {
        let store = try openStore(directory, [makeCollection(), makeCollection("other")])
        let key = try makeKey("k")
        _ = try await store.write(insert("a"), to: "jobs", idempotency: key)
        let reused = try makeKey("k", request: 2)
        await expectError(.idempotencyKeyReused) { _ = try await store.write(insert("b"), to: "jobs", idempotency: reused) }
        await expectError(.idempotencyKeyReused) { _ = try await store.idempotentAnswer(to: reused, in: "jobs") }
        let scoped = try makeKey("k", request: 2, scope: "7")
        #expect(try await !store.write(insert("b"), to: "jobs", idempotency: scoped).isReplay)
        #expect(try await !store.write(insert("b"), to: "other", idempotency: reused).isReplay)
        #expect(try await !store.write(insert("b"), to: "jobs", idempotency: makeKey("k\u{0}", request: 2)).isReplay)
        #expect(store.headSeq == 4)
        #expect(throws: IdempotencyKeyFault.wrongLength(byteCount: 0)) { try makeKey("") }
        #expect(throws: IdempotencyKeyFault.wrongLength(byteCount: 256)) { try makeKey(String(repeating: "ü", count: 128)) }
        #expect(throws: IdempotencyKeyFault.scopeTooLong(byteCount: 256)) {
            try makeKey("k", scope: String(repeating: "s", count: 256))
        }
        _ = try makeKey(String(repeating: "k", count: 255))
    }

    @Test(.timeLimit(.minutes(10)), arguments: [nil, "natural"])
    func `of 32 copies at once one writes, and all get its answer`(naturalKey: String?) async throws {
        let store = try openStore(directory)
        for round in 0..<10 {
            let key = try makeKey("k\(round)")
            let operation = insert("Nurse", key: naturalKey)
            let answers = try await withThrowingTaskGroup(of: IdempotentAnswer.self) { group in
                for _ in 0..<32 { group.addTask { try await store.write(operation, to: "jobs", idempotency: key) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.record)).count == 1)
            #expect(answers.count { !$0.isReplay } == 1)
            #expect(store.headSeq == Int64(round + 1))
            let kind: WriteResult.Kind = naturalKey == nil || round == 0 ? .created : .updated
            #expect(answers.allSatisfy { $0.result.kind == kind })
        }
        #expect(try await store.count("jobs", filter: nil) == (naturalKey == nil ? 10 : 1))
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `a write that fails leaves its key free, one that finds an equal record does not`() async throws {
        let store = try openStore(directory)
        let key = try makeKey("k")
        let absent = WriteOperation.delete(id: 9, expectedSeq: nil)
        await expectError(.notFound(id: 9)) { _ = try await store.write(absent, to: "jobs", idempotency: key) }
        #expect(try await store.idempotentAnswer(to: key, in: "jobs") == nil)
        let first = try await store.write(insert("a"), to: "jobs", idempotency: key)
        let skipping = WriteOperation.insert(makeRecord(title: "a"), duplicates: .skip)
        let duplicate = try await store.write(skipping, to: "jobs", idempotency: makeKey("d"))
        #expect((duplicate.result.kind, duplicate.result.id) == (.duplicate, first.result.id))
        #expect(duplicate.body == first.body)
        let deletion = WriteOperation.delete(id: first.result.id, expectedSeq: nil)
        for isReplay in [false, true] {
            let answer = try await store.write(deletion, to: "jobs", idempotency: makeKey("x"))
            #expect(answer.result.kind == .deleted && answer.result.seq == 2 && answer.isReplay == isReplay)
            #expect(answer.body == [])
        }
        // Without a new seq, and remembered all the same.
        #expect(try await store.write(skipping, to: "jobs", idempotency: makeKey("d")).isReplay)
        #expect(store.headSeq == 2)
    }

    @Test func `a key is forgotten after its time, and its row soon after`() async throws {
        let clock = ManualClock()
        var limits = StoreLimits()
        limits.idempotencyRetention = .seconds(100)
        let store = try RecordStore(
            directory: directory.path, collections: [makeCollection()], limits: limits, now: { clock.now })
        for index in 0..<200 { _ = try await store.write(insert("a"), to: "jobs", idempotency: makeKey("k\(index)")) }
        clock.advance(seconds: 99)
        #expect(try await store.write(insert("a"), to: "jobs", idempotency: makeKey("k0")).isReplay)
        clock.advance(seconds: 1)
        #expect(try await store.idempotentAnswer(to: makeKey("k0", request: 2), in: "jobs") == nil)
        let second = try await store.write(insert("b"), to: "jobs", idempotency: makeKey("k0", request: 2))
        #expect(!second.isReplay && second.result.seq == 201)
        // A write forgets 64 of them, and two more if it brings a key: writes without one clear the rest.
        #expect(try await keyCount(store) == 200 - 66)
        for _ in 0..<3 { _ = try await store.insert(makeRecord(title: "c"), into: "jobs") }
        #expect(try await keyCount(store) == 1)
        #expect(try await store.write(insert("b"), to: "jobs", idempotency: makeKey("k0", request: 2)).isReplay)
    }

    @Test(arguments: [true, false]) func `the table stays within its bounds`(boundsCount: Bool) async throws {
        var limits = StoreLimits()
        if boundsCount { limits.idempotencyKeyCountMax = 10 } else { limits.idempotencyBytesMax = 4_000 }
        let store = try openStore(directory, limits: limits)
        for index in 0..<300 { _ = try await store.write(insert("a"), to: "jobs", idempotency: makeKey("k\(index)")) }
        let ledger = store.state.withLockedValue(\.idempotency)
        #expect(ledger.rowCount <= 10 || ledger.byteCount <= 4_000)
        #expect(ledger.rowCount >= 5)
        #expect(try await keyCount(store) == Int64(ledger.rowCount))
        let byteCount = try await store.pool.read { try $0.integer("SELECT sum(byte_count) FROM idempotency_keys") }
        #expect(byteCount == Int64(ledger.byteCount))
        // The newest are the ones that are kept.
        #expect(try await store.write(insert("a"), to: "jobs", idempotency: makeKey("k299")).isReplay)
        try await store.close()
        let again = try openStore(directory, limits: limits)
        #expect(again.state.withLockedValue(\.idempotency) == { var ledger = ledger; ledger.begin(); return ledger }())
    }
}
