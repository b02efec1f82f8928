import Cluster

/// What a simulated network does to the gateway and its workers, drawn from a seed.
struct Scenario {
    var seed: UInt64
    var configuration = ClusterConfiguration()
    /// Shards of the collection, and workers for each shard.
    var shardCount = 1
    var replicaCount = 2
    /// A second set of shards that workers bring up half way, before those of the first one leave; 0: none.
    var reshardTo = 0
    var duration = Duration.seconds(20)
    var queryCount = 120
    var queryTime = Duration.milliseconds(50)...Duration.milliseconds(2000)
    var partialShare = 0.2
    var minSeqShare = 0.3
    var cancelShare = 0.02

    // One in so many messages:
    var lossShare = 0.0
    var duplicateShare = 0.0
    var reorderShare = 0.0
    var errorShare = 0.0
    var malformedShare = 0.0
    /// Requests a worker works on at once before it says BUSY.
    var workerCapacity = 1000
    var serviceTime = Duration.microseconds(200)...Duration.milliseconds(8)

    /// How many disturbances there are over the duration, one at a time or as they fall.
    var disturbanceCount = 0
    var isOneAtATime = false
    /// Workers end and start again; nothing else goes wrong.
    var isCrashesOnly = false

    /// Everything that can go wrong, more or less of it from seed to seed.
    static func hostile(seed: UInt64) -> Scenario {
        var random = SimulationRandom(seed: seed &* 31 &+ 7)
        var scenario = Scenario(seed: seed)
        scenario.shardCount = random.int(1...4)
        scenario.replicaCount = random.int(1...3)
        scenario.reshardTo = random.chance(0.25) ? random.int(1...4) : 0
        if scenario.reshardTo == scenario.shardCount { scenario.reshardTo = 0 }
        scenario.lossShare = random.pick([0, 0, 0.01, 0.1])
        scenario.duplicateShare = random.pick([0, 0.02, 0.2])
        scenario.reorderShare = random.pick([0, 0.05, 0.3])
        scenario.errorShare = random.pick([0, 0, 0.02, 0.3])
        scenario.malformedShare = random.pick([0, 0, 0.02])
        scenario.workerCapacity = random.pick([1, 2, 8, 1000])
        scenario.disturbanceCount = random.int(0...12)
        scenario.configuration.outstandingRequestCountMax = random.pick([1, 3, 16, 128])
        scenario.configuration.pendingQueryCountMax = random.pick([2, 20, 8192])
        scenario.configuration.waitingQueryCountMax = random.pick([0, 3, 1024])
        scenario.configuration.waitForReplica = random.pick([.zero, .seconds(1), .seconds(5)])
        scenario.configuration.retryRatio = random.pick([0, 0.1, 1])
        scenario.configuration.retryReservePerSecond = random.pick([0, 1, 10])
        scenario.configuration.attemptCountMax = random.pick([1, 2, 6, 8])
        scenario.queryCount = random.pick([30, 120, 400])
        return scenario
    }

    /// At least two replicas of each shard, room enough, and one worker at a time that crashes, hangs or is cut off.
    static func oneCrashAtATime(seed: UInt64) -> Scenario {
        var random = SimulationRandom(seed: seed &* 131 &+ 3)
        var scenario = Scenario(seed: seed)
        scenario.shardCount = random.int(1...3)
        scenario.replicaCount = random.int(2...3)
        scenario.duplicateShare = random.pick([0, 0.05])
        scenario.reorderShare = random.pick([0, 0.05])
        scenario.queryTime = .seconds(10)...(.seconds(12))
        if random.chance(0.5) {
            // Without hedges, and with less time than it takes to be sure of a death: a crashed worker's silence alone
            // has to be enough.
            scenario.configuration.retryRatio = 0
            scenario.configuration.retryReservePerSecond = 0
            scenario.queryTime = .milliseconds(4200)...(.milliseconds(4800))
            scenario.isCrashesOnly = true
        }
        scenario.cancelShare = 0
        scenario.disturbanceCount = 8
        scenario.isOneAtATime = true
        scenario.duration = .seconds(40)
        return scenario
    }
}

/// SplitMix64 with the draws that a simulation needs.
struct SimulationRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func chance(_ share: Double) -> Bool {
        share > 0 && Double(next() >> 11) / 9_007_199_254_740_992 < share
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0...(values.count - 1))] }

    mutating func nanoseconds(_ range: ClosedRange<Duration>) -> Int64 {
        Int64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds, using: &self)
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
