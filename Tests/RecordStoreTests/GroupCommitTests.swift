import Foundation
import GRDB
@testable import RecordStore
import Synchronization
import Testing

@Suite("Group commit") struct GroupCommitTests {
    let directory = TemporaryDirectory()

    @Test(.timeLimit(.minutes(10))) func `concurrent writes share transactions, and each has its own seq`() async throws {
        let commitCount = Mutex(0)
        let store = try openStore(directory, onCommit: { _, _ in commitCount.withLock { $0 += 1 } })
        let results = try await withThrowingTaskGroup(of: WriteResult.self) { group in
            for index in 0..<500 {
                group.addTask { try await store.insert(makeRecord(title: "t\(index)"), into: "jobs") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.map(\.seq).sorted() == Array(1...500))
        #expect(Set(results.map(\.id)).count == 500)
        let statistics = try await store.statistics()
        #expect(statistics.operationCount == 500)
        #expect(statistics.transactionCount < 500)
        #expect(commitCount.withLock { $0 } == statistics.transactionCount)
        #expect(statistics.queuedOperationCount == 0 && statistics.queuedBytes == 0)
        #expect(statistics.headSeq == 500)
    }

    @Test(.timeLimit(.minutes(10))) func `a full queue says when to come again, and takes writes afterwards`() async throws {
        var limits = StoreLimits()
        limits.queuedOperationCountMax = 3
        // The first commit waits for the gate; what comes meanwhile queues up.
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        let isFirst = Mutex(true)
        let store = try openStore(directory, limits: limits, onCommit: { _, _ in
            if isFirst.withLock({ first in defer { first = false }; return first }) {
                entered.signal()
                gate.wait()
            }
        })
        async let first = store.insert(makeRecord(title: "first"), into: "jobs")
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                entered.wait()
                continuation.resume()
            }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<10 {
                group.addTask {
                    do {
                        _ = try await store.insert(makeRecord(title: "t\(index)"), into: "jobs")
                        return true
                    } catch StoreError.busy(let retryAfter) {
                        #expect(retryAfter > .zero && retryAfter <= .seconds(5))
                        return false
                    }
                }
            }
            // Seven are refused at once; then the writer may go on.
            var refusedCount = 0
            var acceptedCount = 0
            for try await accepted in group {
                if accepted { acceptedCount += 1 } else { refusedCount += 1 }
                if refusedCount == 7 { gate.signal() }
            }
            #expect((acceptedCount, refusedCount) == (3, 7))
        }
        #expect(try await first.seq == 1)
        #expect(try await store.insert(makeRecord(title: "later"), into: "jobs").seq == 5)
    }

    @Test(.timeLimit(.minutes(10))) func `a write that SQLite refuses takes no other with it`() async throws {
        let store = try openStore(directory)
        let values = makeRecord(title: "").filterValues
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask {
                    if index % 10 == 0 {
                        // No JSON: the text cannot be taken out of it. SQLITE_ERROR is 1.
                        let broken = RecordWrite(body: [UInt8]("{".utf8), filterValues: values)
                        await expectError(.unavailable(sqliteCode: 1)) { _ = try await store.insert(broken, into: "jobs") }
                    } else {
                        _ = try await store.insert(makeRecord(title: "t\(index)"), into: "jobs")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.count("jobs", filter: nil) == 90)
        #expect(store.headSeq == 90)
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `a batch larger than the queue is taken when nothing waits`() async throws {
        var limits = StoreLimits()
        limits.queuedOperationCountMax = 3
        limits.queuedBytesMax = 100
        let store = try openStore(directory, limits: limits)
        let results = try await store.write(
            (0..<10).map { .insert(makeRecord(title: "t\($0)"), duplicates: .write) }, to: "jobs", atomically: true)
        #expect(results.count == 10)
    }

    @Test(.timeLimit(.minutes(10))) func `closing finishes what was accepted and refuses the rest`() async throws {
        let store = try openStore(directory)
        let acknowledged = try await withThrowingTaskGroup(of: Int64?.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do {
                        return try await store.insert(makeRecord(title: "t\(index)"), into: "jobs").id
                    } catch StoreError.closed {
                        return nil
                    }
                }
            }
            group.addTask {
                try await store.close()
                return nil
            }
            return try await group.reduce(into: Set<Int64>()) { if let id = $1 { $0.insert(id) } }
        }
        let again = try openStore(directory)
        #expect(try await Set(again.page("jobs", filter: nil, afterID: 0, limit: 1_000).map(\.id)) == acknowledged)
        #expect(again.headSeq == Int64(acknowledged.count))
    }

    @Test(.timeLimit(.minutes(10))) func `a full disk fails what does not fit and nothing else`() async throws {
        var limits = StoreLimits()
        limits.databasePageCountMax = 200
        let store = try openStore(directory, limits: limits)
        let notes = (0..<50).map { "some words to fill a page with, number \($0)" }
        var acknowledged: [Int64] = []
        var failure: StoreError?
        for index in 0..<5_000 where failure == nil {
            do {
                let results = try await store.write(
                    [.insert(makeRecord(title: "t\(index)", notes: notes), duplicates: .write)], to: "jobs", atomically: false)
                acknowledged.append(try results[0].get().id)
            } catch {
                failure = error
            }
        }
        // SQLITE_FULL: https://www.sqlite.org/rescode.html#full
        #expect(failure == .unavailable(sqliteCode: 13))
        #expect(!acknowledged.isEmpty)
        #expect(store.headSeq == Int64(acknowledged.count))
        #expect(try await store.integrityCheck() == [])
        #expect(try await store.count("jobs", filter: nil) == acknowledged.count)
        // With room again the store goes on, without a gap.
        try await store.pool.writeWithoutTransaction { _ = try $0.integer("PRAGMA max_page_count = 100000") }
        let next = try await store.insert(makeRecord(title: "after", notes: notes), into: "jobs")
        #expect(next.seq == Int64(acknowledged.count) + 1)
        #expect(try await store.integrityCheck() == [])
    }

    @Test(.timeLimit(.minutes(10))) func `a cancelled read says so, and the next one works`() async throws {
        let store = try openStore(directory)
        _ = try await store.insert(makeRecord(title: "a"), into: "jobs")
        for _ in 0..<50 {
            let task = Task { try await store.list("jobs", keyword: "a", filter: nil, sort: nil, limit: 10, offset: 0) }
            task.cancel()
            switch await task.result {
            case .success(let list): #expect(list.totalCount == 1)
            case .failure(let error): #expect(error as? StoreError == .cancelled)
            }
            #expect(try await store.count("jobs", filter: nil) == 1)
        }
        #expect(try await store.statistics().readCount == 0)
    }

    @Test func `a checkpoint empties the log`() async throws {
        let store = try openStore(directory)
        _ = try await store.insert(makeRecord(title: "a"), into: "jobs")
        #expect(try await store.statistics().walBytes > 0)
        try await store.checkpoint()
        #expect(try await store.statistics().walBytes == 0)
    }
}
