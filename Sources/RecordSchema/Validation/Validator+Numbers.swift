/// Why a value is no number.
struct NumberFailure: Error {
    let kind: IssueKind
}

extension Validator {
    mutating func integer(_ value: JSON, _ limits: IntegerLimits) -> JSON? {
        switch Self.integer(value) {
        case .failure(let failure): return refuse(failure.kind, value)
        case .success(let number):
            if let kind = Self.broken(limits, by: number) { return refuse(kind, value) }
            return number
        }
    }

    mutating func number(_ value: JSON, _ limits: NumberLimits) -> JSON? {
        switch Self.number(value) {
        case .failure(let failure): return refuse(failure.kind, value)
        case .success(let number):
            guard case .number(let double) = number, double.isFinite else { return refuse(.finiteNumber, value) }
            if let kind = Self.broken(limits, by: double) { return refuse(kind, value) }
            return number
        }
    }

    // MARK: - Reading

    /// The value as Python's `int`.
    static func integer(_ value: JSON) -> Result<JSON, NumberFailure> {
        switch value {
        case .integer, .bigInteger: return .success(value)
        case .boolean(let value): return .success(.integer(value ? 1 : 0))
        case .number(let number): return integer(number)
        case .string(let text):
            do throws(NumberText.IntegerFailure) {
                return .success(try NumberText.integer(text))
            } catch {
                switch error {
                case .invalid: return .failure(NumberFailure(kind: .intParsing))
                case .tooLong: return .failure(NumberFailure(kind: .intParsingSize))
                }
            }
        case .null, .array, .object: return .failure(NumberFailure(kind: .intType))
        }
    }

    static func integer(_ number: Double) -> Result<JSON, NumberFailure> {
        guard number.isFinite else { return .failure(NumberFailure(kind: .finiteNumber)) }
        guard number == number.rounded(.towardZero) else { return .failure(NumberFailure(kind: .intFromFloat)) }
        // -2^63 is refused too, as in pydantic-core.
        guard number.magnitude < 0x1p63 else { return .failure(NumberFailure(kind: .intParsingSize)) }
        return .success(.integer(Int64(number)))
    }

    /// The value as Python's `float`, which may be infinite or NaN.
    static func number(_ value: JSON) -> Result<JSON, NumberFailure> {
        switch value {
        case .number: return .success(value)
        case .integer(let value): return .success(.number(Double(value)))
        case .boolean(let value): return .success(.number(value ? 1 : 0))
        case .bigInteger:
            // Python cannot convert an integer beyond the range of doubles.
            guard let number = value.doubleValue, number.isFinite else {
                return .failure(NumberFailure(kind: .floatType))
            }
            return .success(.number(number))
        case .string(let text):
            guard let number = NumberText.float(text) else { return .failure(NumberFailure(kind: .floatParsing)) }
            return .success(.number(number))
        case .null, .array, .object: return .failure(NumberFailure(kind: .floatType))
        }
    }

    // MARK: - Limits

    private static func broken(_ limits: IntegerLimits, by number: JSON) -> IssueKind? {
        if let factor = limits.multipleOf, remainder(number, factor) != 0 { return .multipleOf(.integer(factor)) }
        if let limit = limits.maximum, isLess(limit, number) { return .lessThanEqual(.integer(limit)) }
        if let limit = limits.exclusiveMaximum, !isLess(number, limit) { return .lessThan(.integer(limit)) }
        if let limit = limits.minimum, isLess(number, limit) { return .greaterThanEqual(.integer(limit)) }
        if let limit = limits.exclusiveMinimum, !isLess(limit, number) { return .greaterThan(.integer(limit)) }
        return nil
    }

    private static func isLess(_ number: JSON, _ limit: Int64) -> Bool {
        switch number {
        case .integer(let value): value < limit
        case .bigInteger(let digits): digits.hasPrefix("-")
        default: false
        }
    }

    private static func isLess(_ limit: Int64, _ number: JSON) -> Bool {
        switch number {
        case .integer(let value): limit < value
        case .bigInteger(let digits): !digits.hasPrefix("-")
        default: false
        }
    }

    private static func remainder(_ number: JSON, _ factor: Int64) -> UInt64 {
        switch number {
        case .integer(let value):
            return value.magnitude % factor.magnitude
        case .bigInteger(let digits):
            // Digit by digit; the factor is below 2^63, so that the product needs more than 64 bits.
            var remainder: UInt64 = 0
            for digit in digits.utf8 where NumberText.isDigit(digit) {
                let (high, low) = remainder.multipliedFullWidth(by: 10)
                let (sum, carry) = low.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
                remainder = factor.magnitude.dividingFullWidth((high + (carry ? 1 : 0), sum)).remainder
            }
            return remainder
        default:
            return 0
        }
    }

    /// How far a number may be from a multiple, because 0.3 is none of 0.1 exactly; pydantic-core's.
    private static let multipleTolerance = 1e-9

    private static func broken(_ limits: NumberLimits, by number: Double) -> IssueKind? {
        if let factor = limits.multipleOf {
            let quotient = (number / factor).rounded(.toNearestOrAwayFromZero)
            if (quotient * factor - number).magnitude > multipleTolerance { return .multipleOf(.number(factor)) }
        }
        if let limit = limits.maximum, number > limit { return .lessThanEqual(.number(limit)) }
        if let limit = limits.exclusiveMaximum, number >= limit { return .lessThan(.number(limit)) }
        if let limit = limits.minimum, number < limit { return .greaterThanEqual(.number(limit)) }
        if let limit = limits.exclusiveMinimum, number <= limit { return .greaterThan(.number(limit)) }
        return nil
    }
}
