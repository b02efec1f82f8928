/// A condition over several fields of a record, from `x-kazi: rules`.
///
/// Rules are judged in the order of the file once every field is valid, and the first that does not hold ends the
/// validation: they act as the statements of one Pydantic `model_validator(mode="after")`.
public struct Rule: Sendable, Hashable {
    /// What a broken rule answers.
    public enum Failure: Sendable, Hashable {
        /// 422, type `value_error`.
        case valueError
        /// 400, `data_quality_error`.
        case dataQuality
    }

    /// The text of the condition.
    public let check: String
    public let message: String
    public let failure: Failure
    /// The field that the answer points at; `nil`: the whole body.
    public let field: String?
    let expression: RuleExpression
}
