import Synchronization
import WireProtocol

/// Numbers for the names of requests and traces: distinct and well spread, but no secrets.
///
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) over one counter for the
/// whole process. The system's generator costs a system call a number, three for each request.
struct IdentifierGenerator: RandomNumberGenerator {
    private static let counter = Atomic<UInt64>(.random(in: .min ... .max))

    mutating func next() -> UInt64 {
        var mixed = Self.counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension TraceID {
    static func new() -> TraceID {
        var generator = IdentifierGenerator()
        return .random(using: &generator)
    }
}
