/// Seeded changes to bytes: the same seed, the same bytes, on every machine. SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension [[UInt8]] {
    /// One to four changes: bits, bytes, insertions, deletions, whole frames. At least one frame is left.
    func mutated(_ random: inout SeededGenerator) -> [[UInt8]] {
        var frames = self
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let frame = Int.random(in: 0..<frames.count, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where frames.count > 1: frames.remove(at: frame)
            case 1: frames.insert(frames[frame], at: frame)
            case 2: frames[frame] = []
            case 3: frames.swapAt(frame, Int.random(in: 0..<frames.count, using: &random))
            default: frames[frame].mutate(&random)
            }
        }
        return frames
    }
}

extension [UInt8] {
    fileprivate mutating func mutate(_ random: inout SeededGenerator) {
        guard !isEmpty else { return append(.random(in: 0...255, using: &random)) }
        let index = Int.random(in: 0..<count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: self[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: self[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 2: insert(.random(in: 0...255, using: &random), at: index)
        case 3: removeSubrange(index..<Swift.min(count, index + .random(in: 1...9, using: &random)))
        default: self[index] = .random(in: 0...255, using: &random)
        }
    }
}
