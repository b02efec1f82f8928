/// Reads a pattern into a tree; see `Pattern` for the syntax.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    private static let depthLimit = 64
    /// Of a counted repetition, whose body is copied as many times.
    private static let repetitionLimit = 1_000

    init(_ source: String) {
        scalars = Array(source.unicodeScalars)
    }

    mutating func pattern() throws(PatternError) -> PatternNode {
        let node = try alternatives()
        guard index == scalars.count else { throw error("no ( for this )") }
        return node
    }

    private func error(_ reason: String) -> PatternError {
        PatternError(reason: reason, position: index)
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func skip(_ text: String) -> Bool {
        let expected = Array(text.unicodeScalars)
        guard scalars[index...].starts(with: expected) else { return false }
        index += expected.count
        return true
    }

    // MARK: - Structure

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while skip("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if scalar == "*" || scalar == "+" || scalar == "?" || scalar == "{" {
                throw error("nothing before \(scalar) that could be repeated; \\\(scalar) is the character itself")
            }
            nodes.append(try repetitions(of: try atom()))
        }
        return nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repetitions(of node: PatternNode) throws(PatternError) -> PatternNode {
        var node = node
        while let scalar = next {
            let bounds: (minimum: Int, maximum: Int?)
            switch scalar {
            case "*": bounds = (0, nil)
            case "+": bounds = (1, nil)
            case "?": bounds = (0, 1)
            case "{":
                bounds = try counts()
                index -= 1
            default: return node
            }
            index += 1
            // Lazy or greedy makes no difference to whether there is a match.
            _ = skip("?")
            node = .repeated(node, minimum: bounds.minimum, maximum: bounds.maximum)
        }
        return node
    }

    private mutating func counts() throws(PatternError) -> (minimum: Int, maximum: Int?) {
        index += 1
        let minimum = try count()
        var maximum: Int? = minimum
        if skip(",") { maximum = next == "}" ? nil : try count() }
        guard skip("}") else { throw error("a repetition is {m}, {m,} or {m,n}; \\{ is the character itself") }
        if let maximum, maximum < minimum { throw error("a repetition of \(minimum) to \(maximum)") }
        return (minimum, maximum)
    }

    private mutating func count() throws(PatternError) -> Int {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        guard let count = Int(digits) else {
            throw error("a repetition is {m}, {m,} or {m,n}; \\{ is the character itself")
        }
        guard count <= Self.repetitionLimit else {
            throw error("a repetition of more than \(Self.repetitionLimit)")
        }
        return count
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let scalar = next else { throw error("the pattern ends too early") }
        index += 1
        switch scalar {
        case "(": return try group()
        case "[": return .scalar(try bracketClass())
        case ".":
            return .scalar(ScalarClass(members: [.range(0x0A...0x0A)], isNegated: true))
        case "^": return .assertion(.textStart)
        case "$": return .assertion(.textEnd)
        case "\\":
            if let assertion = assertionEscape() { return .assertion(assertion) }
            return .scalar(try escape())
        default:
            return .scalar(ScalarClass(members: [.range(scalar.value...scalar.value)]))
        }
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        let start = index - 1
        guard depth < Self.depthLimit else { throw error("more than \(Self.depthLimit) groups within each other") }
        depth += 1
        if skip("?P<") || skip("?<") {
            guard next != "=", next != "!" else { throw error("look-around is not supported") }
            while let scalar = next, ScalarClass.isWord(scalar) { index += 1 }
            guard skip(">") else { throw error("a group's name is (?<name>…)") }
        } else if skip("?"), !skip(":") {
            throw error("only (…), (?:…) and (?<name>…) are supported")
        }
        let node = try alternatives()
        guard skip(")") else {
            throw PatternError(reason: "no ) for this (", position: start)
        }
        depth -= 1
        return node
    }

    // MARK: - Classes

    private mutating func bracketClass() throws(PatternError) -> ScalarClass {
        let start = index - 1
        var result = ScalarClass(members: [])
        result.isNegated = skip("^")
        var isFirst = true
        while true {
            guard let scalar = next else { throw PatternError(reason: "no ] for this [", position: start) }
            if scalar == "]", !isFirst {
                index += 1
                return result
            }
            isFirst = false
            if scalar == "[" { throw error("a class within a class is not supported; \\[ is the character itself") }
            for operation in ["&&", "--", "~~"] where skip(operation) {
                throw error("\(operation) between classes is not supported")
            }
            result.members.append(try classMember())
        }
    }

    private mutating func classMember() throws(PatternError) -> ScalarClass.Member {
        let first = try classItem()
        guard case .range(let lower) = first, lower.count == 1, next == "-", index + 1 < scalars.count,
            scalars[index + 1] != "]"
        else { return first }
        guard scalars[index + 1] != "-" else { throw error("-- between classes is not supported") }
        index += 1
        guard case .range(let upper) = try classItem(), upper.count == 1 else {
            throw error("a range ends with one character")
        }
        guard lower.lowerBound <= upper.lowerBound else { throw error("a range whose end is before its start") }
        return .range(lower.lowerBound...upper.lowerBound)
    }

    private mutating func classItem() throws(PatternError) -> ScalarClass.Member {
        guard let scalar = next else { throw error("the pattern ends too early") }
        index += 1
        guard scalar == "\\" else { return .range(scalar.value...scalar.value) }
        let escaped = try escape()
        if escaped.members.count == 1, !escaped.isNegated { return escaped.members[0] }
        return .not(ScalarClass(members: escaped.members, isNegated: !escaped.isNegated))
    }

    // MARK: - Escapes

    private mutating func assertionEscape() -> PatternAssertion? {
        if skip("b") { return .wordBoundary }
        if skip("B") { return .noWordBoundary }
        if skip("A") { return .textStart }
        if skip("z") { return .textEnd }
        return nil
    }

    /// What the characters behind a backslash stand for.
    private mutating func escape() throws(PatternError) -> ScalarClass {
        guard let scalar = next else { throw error("the pattern ends with a backslash") }
        index += 1
        switch scalar {
        case "d": return ScalarClass(members: [.digit])
        case "D": return ScalarClass(members: [.digit], isNegated: true)
        case "w": return ScalarClass(members: [.word])
        case "W": return ScalarClass(members: [.word], isNegated: true)
        case "s": return ScalarClass(members: [.space])
        case "S": return ScalarClass(members: [.space], isNegated: true)
        case "p": return ScalarClass(members: [try category()])
        case "P": return ScalarClass(members: [try category()], isNegated: true)
        case "t": return Self.one(0x09)
        case "n": return Self.one(0x0A)
        case "v": return Self.one(0x0B)
        case "f": return Self.one(0x0C)
        case "r": return Self.one(0x0D)
        case "a": return Self.one(0x07)
        case "x": return Self.one(try codePoint(digits: 2))
        case "u": return Self.one(try codePoint(digits: 4))
        case "U": return Self.one(try codePoint(digits: 8))
        default:
            let isPlain = ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            guard scalar.isASCII, scalar.value >= 0x20, !isPlain, scalar != "<", scalar != ">" else {
                index -= 1
                throw error("\\\(scalar) is no escape")
            }
            return Self.one(scalar.value)
        }
    }

    private static func one(_ value: UInt32) -> ScalarClass {
        ScalarClass(members: [.range(value...value)])
    }

    private mutating func codePoint(digits: Int) throws(PatternError) -> UInt32 {
        var text = ""
        let isBraced = skip("{")
        while let scalar = next, scalar.properties.isASCIIHexDigit, isBraced || text.utf8.count < digits {
            text.unicodeScalars.append(scalar)
            index += 1
        }
        let isComplete = isBraced ? skip("}") : text.utf8.count == digits
        guard isComplete, let value = UInt32(text, radix: 16), Unicode.Scalar(value) != nil else {
            throw error("no hexadecimal number of a character")
        }
        return value
    }

    private mutating func category() throws(PatternError) -> ScalarClass.Member {
        var name = ""
        if skip("{") {
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                index += 1
            }
            guard skip("}") else { throw error("no } for the { of \\p") }
        } else if let scalar = next {
            name = String(scalar)
            index += 1
        }
        guard Unicode.GeneralCategory.abbreviations.contains(name) else {
            throw error("\\p{\(name)} is no general category such as \\p{L} or \\p{Lu}")
        }
        return .category(name)
    }
}
