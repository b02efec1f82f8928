/// A pattern as a small machine that is in many states at once: Thompson 1968, as in Cox, "Regular Expression
/// Matching Can Be Simple And Fast". A text is read once, whatever the pattern.
struct PatternProgram: Sendable {
    private enum Instruction: Sendable {
        case scalar(ScalarClass)
        case assertion(PatternAssertion)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    /// Bounds the time for each character of a text.
    static let instructionCountLimit = 2_000

    private static let tooLarge = PatternError(
        reason: "the pattern needs more than \(instructionCountLimit) states", position: 0)

    private var instructions: [Instruction] = []
    private var compiledNodeCount = 0

    init(_ node: PatternNode) throws(PatternError) {
        try compile(node)
        try append(.match)
    }

    // MARK: - Compiling

    private mutating func append(_ instruction: Instruction) throws(PatternError) {
        guard instructions.count < Self.instructionCountLimit else { throw Self.tooLarge }
        instructions.append(instruction)
    }

    private mutating func compile(_ node: PatternNode) throws(PatternError) {
        // Repetitions of nothing within each other make no instructions, but as much work.
        compiledNodeCount += 1
        guard compiledNodeCount <= 10 * Self.instructionCountLimit else { throw Self.tooLarge }
        switch node {
        case .empty: break
        case .scalar(let scalars): try append(.scalar(scalars))
        case .assertion(let assertion): try append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .alternatives(let branches): try compile(branches: branches)
        case .repeated(let node, let minimum, let maximum): try compile(node, minimum: minimum, maximum: maximum)
        }
    }

    private mutating func compile(branches: [PatternNode]) throws(PatternError) {
        var exits: [Int] = []
        for branch in branches.dropLast() {
            let split = instructions.count
            try append(.jump(0))
            try compile(branch)
            exits.append(instructions.count)
            try append(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = branches.last { try compile(last) }
        for exit in exits { instructions[exit] = .jump(instructions.count) }
    }

    private mutating func compile(_ node: PatternNode, minimum: Int, maximum: Int?) throws(PatternError) {
        for _ in 0..<minimum { try compile(node) }
        guard let maximum else {
            let split = instructions.count
            try append(.jump(0))
            try compile(node)
            try append(.jump(split))
            instructions[split] = .split(split + 1, instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in minimum..<maximum {
            splits.append(instructions.count)
            try append(.jump(0))
            try compile(node)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }

    // MARK: - Matching

    func matches(_ text: String) -> Bool {
        var current = StateSet(capacity: instructions.count)
        var following = StateSet(capacity: instructions.count)
        var previous: Unicode.Scalar?
        var rest = text.unicodeScalars[...]
        while true {
            let next = rest.popFirst()
            // A match may start at every place.
            if enter(0, &current, between: previous, and: next) { return true }
            guard let next else { return false }
            let after = rest.first
            following.removeAll()
            for state in current.states {
                guard case .scalar(let scalars) = instructions[state], scalars.contains(next) else { continue }
                if enter(state + 1, &following, between: next, and: after) { return true }
            }
            swap(&current, &following)
            previous = next
        }
    }

    /// Adds the state and all that follow from it without reading a character; true when the end is among them.
    private func enter(
        _ start: Int, _ states: inout StateSet, between previous: Unicode.Scalar?, and next: Unicode.Scalar?
    ) -> Bool {
        var pending = [start]
        while let state = pending.popLast() {
            guard states.insert(state) else { continue }
            switch instructions[state] {
            case .match: return true
            case .scalar: break
            case .jump(let target): pending.append(target)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assertion(let assertion):
                if Self.holds(assertion, between: previous, and: next) { pending.append(state + 1) }
            }
        }
        return false
    }

    private static func holds(
        _ assertion: PatternAssertion, between previous: Unicode.Scalar?, and next: Unicode.Scalar?
    ) -> Bool {
        let isBoundary = (previous.map(ScalarClass.isWord) ?? false) != (next.map(ScalarClass.isWord) ?? false)
        return switch assertion {
        case .textStart: previous == nil
        case .textEnd: next == nil
        case .wordBoundary: isBoundary
        case .noWordBoundary: !isBoundary
        }
    }
}

/// A set of small integers that is emptied in constant time.
private struct StateSet {
    private(set) var states: [Int] = []
    private var marks: [Bool]

    init(capacity: Int) {
        marks = Array(repeating: false, count: capacity)
        states.reserveCapacity(capacity)
    }

    /// Whether it was not there yet.
    mutating func insert(_ state: Int) -> Bool {
        guard !marks[state] else { return false }
        marks[state] = true
        states.append(state)
        return true
    }

    mutating func removeAll() {
        for state in states { marks[state] = false }
        states.removeAll(keepingCapacity: true)
    }
}
