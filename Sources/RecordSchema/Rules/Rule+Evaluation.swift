extension Rule {
    /// Whether a valid record keeps the rule.
    ///
    /// - Parameter now: Microseconds since 1970-01-01T00:00:00Z.
    func holds(for fields: JSONObject, now: Int64) -> Bool {
        expression.value(for: fields, now: now) != false
    }
}

extension RuleExpression {
    /// True, false, or `nil` for unknown.
    func value(for fields: JSONObject, now: Int64) -> Bool? {
        switch self {
        case .compare(let left, let comparison, let right):
            guard let left = RuleValue(left, in: fields, now: now), let right = RuleValue(right, in: fields, now: now)
            else { return nil }
            return comparison.holds(left.order(to: right))
        case .isNull(let field):
            return fields[field]?.isNull ?? true
        case .and(let left, let right):
            let (left, right) = (left.value(for: fields, now: now), right.value(for: fields, now: now))
            if left == false || right == false { return false }
            return left == nil || right == nil ? nil : true
        case .or(let left, let right):
            let (left, right) = (left.value(for: fields, now: now), right.value(for: fields, now: now))
            if left == true || right == true { return true }
            return left == nil || right == nil ? nil : false
        case .not(let expression):
            return expression.value(for: fields, now: now).map { !$0 }
        }
    }
}

extension RuleExpression.Operator {
    /// - Parameter order: Negative, 0 or positive, as the left side is less, equal or greater.
    fileprivate func holds(_ order: Int) -> Bool {
        switch self {
        case .lessThan: order < 0
        case .lessThanOrEqual: order <= 0
        case .greaterThan: order > 0
        case .greaterThanOrEqual: order >= 0
        case .equal: order == 0
        case .notEqual: order != 0
        }
    }
}

/// A side of a comparison that has a value.
private enum RuleValue {
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(Int64)

    /// `nil`: absent or null.
    init?(_ operand: RuleExpression.Operand, in fields: JSONObject, now: Int64) {
        switch operand {
        case .now: self = .timestamp(now)
        case .timestamp(let microseconds): self = .timestamp(microseconds)
        case .literal(let value): self.init(value)
        case .field(let name, let type):
            guard let value = fields[name] else { return nil }
            if type == .timestamp {
                guard let microseconds = Timestamp.microseconds(of: value) else { return nil }
                self = .timestamp(microseconds)
            } else {
                self.init(value)
            }
        }
    }

    private init?(_ value: JSON) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .bigInteger: self = .number(value.doubleValue ?? .nan)
        case .number(let number): self = .number(number)
        case .boolean(let value): self = .boolean(value)
        case .null, .array, .object: return nil
        }
    }

    /// Both have the same type: the parser saw to it.
    func order(to other: RuleValue) -> Int {
        switch (self, other) {
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : left.hasSameCodePoints(as: right) ? 0 : 1
        case (.integer(let left), .integer(let right)): Self.order(left, right)
        case (.timestamp(let left), .timestamp(let right)): Self.order(left, right)
        case (.boolean(let left), .boolean(let right)): Self.order(left ? 1 : 0, right ? 1 : 0)
        case (.number(let left), .number(let right)): Self.order(left, right)
        case (.integer(let left), .number(let right)): Self.order(left, toNumber: right)
        case (.number(let left), .integer(let right)): -Self.order(right, toNumber: left)
        default: preconditionFailure("a rule compares values of two types")
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }

    /// Exact, as in Python: not every integer is a double.
    private static func order(_ left: Int64, toNumber right: Double) -> Int {
        guard right.magnitude < 0x1p63 else { return right > 0 ? -1 : 1 }
        let whole = right.rounded(.down)
        let order = order(left, Int64(whole))
        return order == 0 && right > whole ? -1 : order
    }
}
