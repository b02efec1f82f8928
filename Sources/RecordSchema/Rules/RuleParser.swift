/// Why a rule's `check` is no condition.
struct RuleError: Error, Hashable {
    var reason: String
    /// Characters before the place.
    var position: Int
}

/// Reads a rule's condition:
///
///     condition  = conjunction *( "or" conjunction )
///     conjunction = negation *( "and" negation )
///     negation   = "not" negation / "(" condition ")" / comparison
///     comparison = operand ( "<=" / "<" / ">=" / ">" / "==" / "!=" ) operand
///     operand    = field / number / string / "true" / "false" / "null" / "now"
///
/// Strings are in single or double quotes, with `\` before a quote or a backslash. `null` is compared with `==` and
/// `!=` only, and `now` and times in strings with fields of format `date-time` and `date`.
struct RuleParser {
    private static let depthLimit = 32

    private let tokens: [RuleToken]
    private let fields: [Field]
    private var index = 0
    private var depth = 0

    static func parse(_ text: String, fields: [Field]) throws(RuleError) -> RuleExpression {
        var parser = RuleParser(tokens: try RuleToken.tokens(of: text), fields: fields)
        let expression = try parser.condition()
        guard case .end = parser.next.kind else { throw parser.error("\(parser.next.text) is not expected here") }
        return expression
    }

    private init(tokens: [RuleToken], fields: [Field]) {
        self.tokens = tokens
        self.fields = fields
    }

    private var next: RuleToken { tokens[index] }

    private func error(_ reason: String) -> RuleError {
        RuleError(reason: reason, position: next.position)
    }

    private mutating func skip(_ word: String) -> Bool {
        switch next.kind {
        case .word, .symbol:
            guard next.text == word else { return false }
            index += 1
            return true
        default: return false
        }
    }

    // MARK: - Connectives

    private mutating func condition() throws(RuleError) -> RuleExpression {
        guard depth < Self.depthLimit else { throw error("more than \(Self.depthLimit) levels") }
        depth += 1
        defer { depth -= 1 }
        var left = try conjunction()
        while skip("or") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(RuleError) -> RuleExpression {
        var left = try negation()
        while skip("and") { left = .and(left, try negation()) }
        return left
    }

    private mutating func negation() throws(RuleError) -> RuleExpression {
        guard depth < Self.depthLimit else { throw error("more than \(Self.depthLimit) levels") }
        depth += 1
        defer { depth -= 1 }
        if skip("not") { return .not(try negation()) }
        guard skip("(") else { return try comparison() }
        let inner = try condition()
        guard skip(")") else { throw error("a ) is missing") }
        return inner
    }

    // MARK: - Comparisons

    private enum Side {
        case field(Field, FilterType)
        case literal(JSON)
        case now
    }

    private mutating func comparison() throws(RuleError) -> RuleExpression {
        let left = try side()
        guard case .symbol = next.kind, let comparison = RuleExpression.Operator(rawValue: next.text) else {
            throw error("one of < <= > >= == != is missing")
        }
        let place = next
        index += 1
        let right = try side()
        do throws(RuleError) {
            return try Self.expression(left, comparison, right)
        } catch {
            throw RuleError(reason: error.reason, position: place.position)
        }
    }

    private mutating func side() throws(RuleError) -> Side {
        let token = next
        switch token.kind {
        case .literal(let value):
            index += 1
            return .literal(value)
        case .word:
            if token.text == "now" {
                index += 1
                return .now
            }
            guard let field = fields.first(where: { $0.name == token.text }) else {
                throw error("\(token.text) is none of the properties")
            }
            guard let column = FilterColumn(field: field), !column.isArray else {
                throw error("\(token.text) is of a type that cannot be compared")
            }
            index += 1
            return .field(field, column.type)
        case .symbol: throw error("a field or a value is missing before \(token.text)")
        case .end: throw error("a field or a value is missing at the end")
        }
    }

    private static func expression(
        _ left: Side, _ comparison: RuleExpression.Operator, _ right: Side
    ) throws(RuleError) -> RuleExpression {
        switch (left, right) {
        case (.field(let field, _), .literal(.null)), (.literal(.null), .field(let field, _)):
            switch comparison {
            case .equal: return .isNull(field: field.name)
            case .notEqual: return .not(.isNull(field: field.name))
            default: throw RuleError(reason: "null is compared with == and != only", position: 0)
            }
        case (.field, _), (_, .field):
            let leftType = type(left, beside: right)
            let rightType = type(right, beside: left)
            guard let leftType, let rightType, leftType == rightType else {
                throw RuleError(reason: "the two sides are of different types", position: 0)
            }
            return .compare(operand(left, leftType), comparison, operand(right, rightType))
        default:
            throw RuleError(reason: "neither side is a field", position: 0)
        }
    }

    private static func type(_ side: Side, beside other: Side) -> FilterType? {
        switch side {
        case .now: return .timestamp
        case .field(_, let type): return type
        case .literal(let value):
            if case .field(_, .timestamp) = other {
                return value.stringValue != nil && Timestamp.microseconds(of: value) != nil ? .timestamp : nil
            }
            if value.stringValue != nil { return .string }
            if value.booleanValue != nil { return .boolean }
            return value.doubleValue != nil ? .number : nil
        }
    }

    private static func operand(_ side: Side, _ type: FilterType) -> RuleExpression.Operand {
        switch side {
        case .now: return .now
        case .field(let field, let type): return .field(field.name, type)
        case .literal(let value):
            if type == .timestamp, let microseconds = Timestamp.microseconds(of: value) {
                return .timestamp(microseconds)
            }
            return .literal(value)
        }
    }
}
