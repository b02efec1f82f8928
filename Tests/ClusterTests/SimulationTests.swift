import Foundation
import Testing

@testable import Cluster

/// Thousands of networks, each drawn from a seed. A failure names its seed; `KAZI_CLUSTER_SEED=n` runs that one alone,
/// `KAZI_CLUSTER_SEEDS=n` another number of them; `KAZI_CLUSTER_TRACE=1` prints every event and action.
@Suite("The cluster on a simulated network", .timeLimit(.minutes(10)))
struct SimulationTests {
    static func seeds(_ count: UInt64) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["KAZI_CLUSTER_SEED"].flatMap(UInt64.init) { return [seed] }
        return Array(1...max(1, environment["KAZI_CLUSTER_SEEDS"].flatMap(UInt64.init) ?? count))
    }

    static var isTraced: Bool { ProcessInfo.processInfo.environment["KAZI_CLUSTER_TRACE"] == "1" }

    private func report(_ simulation: Simulation, _ scenario: Scenario) {
        for violation in simulation.oracle.violations {
            Issue.record("seed \(scenario.seed), replay with KAZI_CLUSTER_SEED=\(scenario.seed): \(violation)")
        }
    }

    @Test func `keeps its promises whatever the network does`() {
        var completed = 0
        var failed = 0
        for seed in Self.seeds(1500) {
            let scenario = Scenario.hostile(seed: seed)
            var simulation = Simulation(scenario)
            simulation.isTraced = Self.isTraced
            simulation.run()
            simulation.oracle.check(simulation.cluster.isEmpty, "nothing is left of what has ended")
            report(simulation, scenario)
            completed += simulation.oracle.completedCount
            failed += simulation.oracle.failedCount
            if !simulation.oracle.violations.isEmpty { return }
        }
        // The scenarios are neither harmless nor hopeless.
        #expect(completed > failed / 4)
        #expect(failed > 0)
    }

    @Test func `loses no query while one of several workers crashes, hangs or is cut off`() {
        for seed in Self.seeds(500) {
            let scenario = Scenario.oneCrashAtATime(seed: seed)
            var simulation = Simulation(scenario)
            simulation.isTraced = Self.isTraced
            simulation.run()
            let failures = simulation.oracle.failures
            simulation.oracle.check(failures.isEmpty, "no query fails: \(failures)")
            simulation.oracle.check(simulation.oracle.completedCount == scenario.queryCount, "all queries are answered whole")
            report(simulation, scenario)
            if !simulation.oracle.violations.isEmpty { return }
        }
    }

    @Test(arguments: [3, 17, 99] as [UInt64])
    func `does the same again for the same seed`(seed: UInt64) {
        var first = Simulation(.hostile(seed: seed))
        var second = Simulation(.hostile(seed: seed))
        first.run()
        second.run()
        #expect(first.oracle.trace == second.oracle.trace)
        #expect(first.cluster.counters == second.cluster.counters)
    }
}
