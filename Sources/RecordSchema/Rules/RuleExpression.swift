/// A parsed condition.
///
/// A comparison in which a field is absent or null holds, because a rule is about values that are there. So that
/// `not` does not turn that around, an expression has three values: `not` and the connectives follow SQL's logic, and
/// a rule is broken only where its condition is false, not where it is unknown.
indirect enum RuleExpression: Sendable, Hashable {
    enum Operator: String, Sendable, Hashable, CaseIterable {
        case lessThanOrEqual = "<="
        case greaterThanOrEqual = ">="
        case equal = "=="
        case notEqual = "!="
        case lessThan = "<"
        case greaterThan = ">"
    }

    enum Operand: Sendable, Hashable {
        case field(String)
        case literal(JSON)
        /// The time of the validation.
        case now
    }

    case compare(Operand, Operator, Operand)
    case and(RuleExpression, RuleExpression)
    case or(RuleExpression, RuleExpression)
    case not(RuleExpression)
}
