import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

/// Time is the embedded loop's, and passes only where a test says so.
@Suite("The gate before requests of a class", .timeLimit(.minutes(1))) struct AdmissionGateTests {
    private let eventLoop = NIOAsyncTestingEventLoop()

    private func gate(running: Int, waiting: Int, waitMax: Duration = .seconds(1)) -> AdmissionGate {
        AdmissionGate(.init(runningMax: running, waitingMax: waiting, waitMax: waitMax), eventLoop: eventLoop)
    }

    /// Begins to wait at the gate, and returns when the gate knows.
    private func waiter(at gate: AdmissionGate) async -> Task<AdmissionTicket?, Never> {
        let before = gate.figures.waiting
        let task = Task { try? await gate.enter() }
        while gate.figures.waiting == before { await Task.yield() }
        return task
    }

    @Test func `lets in as many as may be served and refuses the next where none may wait`() async throws {
        let gate = gate(running: 2, waiting: 0)
        let first = try await gate.enter()
        let second = try await gate.enter()
        #expect(gate.figures.running == 2)
        await #expect(throws: ServiceFailure.self) { try await gate.enter() }
        #expect(throws: ServiceFailure.self) { try gate.refuseEarly() }
        #expect(gate.figures.shed == 2)
        first.leave()
        let third = try await gate.enter()
        #expect(gate.figures.running == 2)
        withExtendedLifetime((second, third)) {}
    }

    @Test func `gives a place that is left to the one that has waited longest`() async throws {
        let gate = gate(running: 1, waiting: 2)
        let ticket = try await gate.enter()
        let first = await waiter(at: gate)
        let second = await waiter(at: gate)
        ticket.leave()
        let place = try #require(await first.value)
        #expect(gate.figures.running == 1)
        #expect(gate.figures.waiting == 1)
        place.leave()
        let next = try #require(await second.value)
        next.leave()
        #expect(gate.figures.running == 0)
        #expect(gate.figures.shed == 0)
    }

    @Test func `does not let a newcomer overtake those who wait`() async throws {
        let gate = gate(running: 1, waiting: 1)
        let ticket = try await gate.enter()
        let waiting = await waiter(at: gate)
        await #expect(throws: ServiceFailure.self) { try await gate.enter() }
        ticket.leave()
        let place = try #require(await waiting.value)
        // The place went over without ever being free.
        #expect(gate.figures.running == 1)
        place.leave()
    }

    @Test func `refuses whoever has waited as long as may be, and no sooner`() async throws {
        let gate = gate(running: 1, waiting: 2, waitMax: .milliseconds(500))
        let ticket = try await gate.enter()
        let early = await waiter(at: gate)
        await eventLoop.advanceTime(by: .milliseconds(300))
        let late = await waiter(at: gate)
        await eventLoop.advanceTime(by: .milliseconds(199))
        #expect(gate.figures.waiting == 2)
        await eventLoop.advanceTime(by: .milliseconds(1))
        let refused = await early.value
        #expect(refused == nil)
        #expect(gate.figures.waiting == 1)
        #expect(gate.figures.shed == 1)
        ticket.leave()
        let place = await late.value
        #expect(place != nil)
        // Whoever is in is not thrown out by the timer it left behind.
        await eventLoop.advanceTime(by: .seconds(10))
        #expect(gate.figures.running == 1)
        #expect(gate.figures.shed == 1)
    }

    @Test func `takes a place back once, however often it is given back`() async throws {
        let gate = gate(running: 2, waiting: 0)
        do {
            let ticket = try await gate.enter()
            ticket.leave()
            ticket.leave()
        }
        #expect(gate.figures.running == 0)
        do { _ = try await gate.enter() }
        #expect(gate.figures.running == 0)
    }

    @Test func `is never over its limit and loses no place among many at once`() async {
        let gate = gate(running: 3, waiting: 1_000)
        let served = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    guard let ticket = try? await gate.enter() else { return 0 }
                    let running = gate.figures.running
                    await Task.yield()
                    ticket.leave()
                    return (1...3).contains(running) ? 1 : 1_000
                }
            }
            return await group.reduce(0, +)
        }
        #expect(served == 500)
        #expect(gate.figures.running == 0)
        #expect(gate.figures.waiting == 0)
        #expect(gate.figures.shed == 0)
    }
}
