/// A word, value or sign of a rule's condition.
struct RuleToken {
    enum Kind {
        case word
        case symbol
        case literal(JSON)
        case end
    }

    var kind: Kind
    var text: String
    /// Characters before it.
    var position: Int

    /// All tokens of the text, an `end` last.
    static func tokens(of text: String) throws(RuleError) -> [RuleToken] {
        let scalars = Array(text.unicodeScalars)
        var tokens: [RuleToken] = []
        var index = 0
        while index < scalars.count {
            if scalars[index].properties.isWhitespace {
                index += 1
                continue
            }
            tokens.append(try token(scalars, &index))
        }
        tokens.append(RuleToken(kind: .end, text: "the end", position: scalars.count))
        return tokens
    }

    private static func token(_ scalars: [Unicode.Scalar], _ index: inout Int) throws(RuleError) -> RuleToken {
        let start = index
        let first = scalars[index]
        if isWordStart(first) {
            let text = take(scalars, &index) { isWordStart($0) || isDigit($0) }
            let kind: Kind = switch text {
            case "true": .literal(true)
            case "false": .literal(false)
            case "null": .literal(.null)
            default: .word
            }
            return RuleToken(kind: kind, text: text, position: start)
        }
        if isDigit(first) || first == "-" || first == "." {
            index += 1
            let text = String(first) + take(scalars, &index) { isDigit($0) || isWordStart($0) || $0 == "." }
            guard case .some(let value) = number(text) else {
                throw RuleError(reason: "\(text) is no number", position: start)
            }
            return RuleToken(kind: .literal(value), text: text, position: start)
        }
        if first == "'" || first == "\"" {
            let text = try string(scalars, &index)
            return RuleToken(kind: .literal(.string(text)), text: PythonText.repr(text), position: start)
        }
        for symbol in ["<=", ">=", "==", "!=", "<", ">", "(", ")"] {
            guard scalars[index...].starts(with: symbol.unicodeScalars) else { continue }
            index += symbol.unicodeScalars.count
            return RuleToken(kind: .symbol, text: symbol, position: start)
        }
        let hint = first == "=" ? "; two of them compare" : ""
        throw RuleError(reason: "\(first) is not expected here\(hint)", position: start)
    }

    private static func number(_ text: String) -> JSON? {
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = NumberText.decimal(Array(text.utf8)[...]), number.isFinite else { return nil }
        return .number(number)
    }

    private static func string(_ scalars: [Unicode.Scalar], _ index: inout Int) throws(RuleError) -> String {
        let start = index
        let quote = scalars[index]
        var text = String.UnicodeScalarView()
        index += 1
        while index < scalars.count, scalars[index] != quote {
            if scalars[index] == "\\", index + 1 < scalars.count { index += 1 }
            text.append(scalars[index])
            index += 1
        }
        guard index < scalars.count else { throw RuleError(reason: "the string has no end", position: start) }
        index += 1
        return String(text)
    }

    private static func take(
        _ scalars: [Unicode.Scalar], _ index: inout Int, while belongs: (Unicode.Scalar) -> Bool
    ) -> String {
        var text = String.UnicodeScalarView()
        while index < scalars.count, belongs(scalars[index]) {
            text.append(scalars[index])
            index += 1
        }
        return String(text)
    }

    private static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar)
    }
}
