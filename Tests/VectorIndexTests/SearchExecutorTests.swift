import Testing

@testable import VectorIndex

typealias SearchOutcome = Result<SearchResult, SearchFailure>

/// Results of submitted searches by number, with a wait for a count of them.
final class Outcomes: Sendable {
    private let monitor = Monitor<[Int: [SearchOutcome]]>([:])

    func record(_ number: Int, _ outcome: SearchOutcome) {
        monitor.withLock { $0[number, default: []].append(outcome) }
        monitor.wakeAll()
    }

    func wait(forCount count: Int) -> [Int: [SearchOutcome]] {
        monitor.waitUntil { $0.count >= count ? $0 : nil }
    }
}

/// Holds a thread in a completion until opened.
final class Gate: Sendable {
    private let monitor = Monitor((isOpen: false, arrivedCount: 0))

    func pass() {
        monitor.withLock { $0.arrivedCount += 1 }
        monitor.wakeAll()
        monitor.waitUntil { $0.isOpen ? () : nil }
    }

    func open() {
        monitor.withLock { $0.isOpen = true }
        monitor.wakeAll()
    }

    func waitForArrivals(_ count: Int) { monitor.waitUntil { $0.arrivedCount >= count ? () : nil } }
}

@Suite("Search executor", .timeLimit(.minutes(10))) struct SearchExecutorTests {
    @Test(arguments: [1, 2, 3])
    func `answers as the index does, whatever waits together`(threadCount: Int) throws {
        // Large enough that lone searches are cut into parts.
        let large = try makeFilledIndex(rowCount: 70_000, dimension: 8)
        let small = try makeFilledIndex(rowCount: 100, dimension: 8, metric: .dot, seed: 2)
        let executor = SearchExecutor(.init(threadCount: threadCount, queueLimit: 1_000))
        let outcomes = Outcomes()
        var generator = SeededGenerator(seed: 11)
        let requests = (0 ..< 60).map { SearchRequest(vector: generator.vector(8), resultLimit: 1 + $0) }
        for (number, request) in requests.enumerated() {
            try executor.submit(request, to: number % 3 == 0 ? small : large) { outcomes.record(number, $0) }
            // Some wait together, some are alone.
            if number % 7 == 0 { _ = outcomes.wait(forCount: number + 1) }
        }
        let found = outcomes.wait(forCount: requests.count)
        for (number, request) in requests.enumerated() {
            let expected = try (number % 3 == 0 ? small : large).search(request)
            #expect(found[number] == [.success(expected)])
        }
        executor.shutdown()
    }

    @Test func `refuses what does not fit in the queue`() throws {
        let index = try makeFilledIndex(rowCount: 10, dimension: 2)
        let executor = SearchExecutor(.init(threadCount: 1, queueLimit: 2))
        let gate = Gate(), outcomes = Outcomes(), request = SearchRequest(vector: [1, 0])
        try executor.submit(request, to: index) { _ in gate.pass() }
        gate.waitForArrivals(1)
        try executor.submit(request, to: index) { outcomes.record(0, $0) }
        try executor.submit(request, to: index) { outcomes.record(1, $0) }
        #expect(executor.waitingCount == 2)
        #expect(throws: SearchFailure.busy) { try executor.submit(request, to: index) { outcomes.record(2, $0) } }
        gate.open()
        #expect(outcomes.wait(forCount: 2).keys.sorted() == [0, 1])
        // Room again.
        try executor.submit(request, to: index) { outcomes.record(3, $0) }
        _ = outcomes.wait(forCount: 3)
        executor.shutdown()
    }

    @Test func `drops what has expired when its turn comes`() throws {
        let index = try makeFilledIndex(rowCount: 10, dimension: 2)
        let executor = SearchExecutor(.init(threadCount: 1))
        let gate = Gate(), outcomes = Outcomes(), request = SearchRequest(vector: [1, 0])
        let isLate = Monitor(false)
        try executor.submit(request, to: index) { _ in gate.pass() }
        gate.waitForArrivals(1)
        try executor.submit(request, to: index, isExpired: { isLate.withLock { $0 } }) {
            outcomes.record(0, $0)
        }
        try executor.submit(request, to: index) { outcomes.record(1, $0) }
        isLate.withLock { $0 = true }
        gate.open()
        let found = outcomes.wait(forCount: 2)
        #expect(found[0] == [.failure(.expired)])
        #expect(try found[1] == [.success(index.search(request))])
        executor.shutdown()
    }

    @Test func `refuses a bad request at once`() throws {
        let index = try makeFilledIndex(rowCount: 10, dimension: 2)
        let executor = SearchExecutor(.init(threadCount: 1))
        #expect(throws: SearchFailure.invalid(.invalidQuery(.zero))) {
            try executor.submit(SearchRequest(vector: [0, 0]), to: index) { _ in }
        }
        executor.shutdown()
    }

    @Test func `completes everything on shutdown`() throws {
        let index = try makeFilledIndex(rowCount: 10, dimension: 2)
        let executor = SearchExecutor(.init(threadCount: 1))
        let gate = Gate(), outcomes = Outcomes(), request = SearchRequest(vector: [1, 0])
        try executor.submit(request, to: index) { outcome in
            gate.pass()
            outcomes.record(0, outcome)
        }
        gate.waitForArrivals(1)
        for number in 1...5 { try executor.submit(request, to: index) { outcomes.record(number, $0) } }
        let closing = Threads()
        closing.start { executor.shutdown() }
        let waiting = outcomes.wait(forCount: 5)
        #expect((1...5).allSatisfy { waiting[$0] == [.failure(.shutDown)] })
        gate.open()
        let all = outcomes.wait(forCount: 6)
        #expect(try all[0] == [.success(index.search(request))])
        closing.join()
        executor.shutdown()
        #expect(throws: SearchFailure.shutDown) { try executor.submit(request, to: index) { _ in } }
    }

    @Test func `may be shut down and let go of by a completion`() throws {
        let index = try makeFilledIndex(rowCount: 10, dimension: 2)
        let outcomes = Outcomes()
        do {
            let executor = SearchExecutor(.init(threadCount: 2))
            try executor.submit(SearchRequest(vector: [1, 0]), to: index) { outcome in
                executor.shutdown()
                outcomes.record(0, outcome)
            }
        }
        #expect(outcomes.wait(forCount: 1).count == 1)
    }

    @Test func `completes every search once under load and shutdown`() throws {
        let index = try makeFilledIndex(rowCount: 40_000, dimension: 4)
        for round in 0 ..< 5 {
            let executor = SearchExecutor(.init(threadCount: 3, queueLimit: 16))
            let outcomes = Outcomes()
            let accepted = Monitor(0), threads = Threads()
            for submitter in 0 ..< 3 { threads.start {
                var generator = SeededGenerator(seed: UInt64(submitter))
                for number in 0 ..< 60 {
                    let request = SearchRequest(vector: generator.vector(4))
                    do {
                        try executor.submit(request, to: index) { outcomes.record(submitter * 1_000 + number, $0) }
                        accepted.withLock { $0 += 1 }
                    } catch {
                        let failure = error as? SearchFailure
                        #expect(failure == .busy || failure == .shutDown)
                    }
                    if round > 2, submitter == 0, number == 30 { executor.shutdown() }
                }
            } }
            threads.join()
            executor.shutdown()
            let acceptedCount = accepted.withLock { $0 }
            let found = outcomes.wait(forCount: acceptedCount)
            #expect(found.count == acceptedCount)
            #expect(found.values.allSatisfy { $0.count == 1 })
        }
    }
}
