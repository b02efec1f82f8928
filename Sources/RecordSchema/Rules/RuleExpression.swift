/// A parsed condition.
///
/// A comparison in which a field is absent or null is neither true nor false, because a rule is about values that are
/// there. `and`, `or` and `not` follow SQL's logic of three values, and a rule is broken only where its condition is
/// false. So `not a > b` holds too when `a` is absent.
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
        case field(String, FilterType)
        /// A string, a number or a boolean.
        case literal(JSON)
        /// Microseconds since 1970-01-01T00:00:00Z, written as a string beside a field that holds a time.
        case timestamp(Int64)
        /// The time of the validation.
        case now
    }

    /// Both sides have the same type.
    case compare(Operand, Operator, Operand)
    /// `field == null`: always true or false.
    case isNull(field: String)
    case and(RuleExpression, RuleExpression)
    case or(RuleExpression, RuleExpression)
    case not(RuleExpression)
}
