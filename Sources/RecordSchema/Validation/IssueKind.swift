/// An error of pydantic-core without its place: type, message and context, word for word.
struct IssueKind {
    var type: String
    var message: String
    var context: JSONObject?

    init(_ type: String, _ message: String, _ context: JSONObject? = nil) {
        self.type = type
        self.message = message
        self.context = context
    }

    func issue(at loc: [LocComponent], input: JSON) -> ValidationIssue {
        ValidationIssue(type: type, loc: loc, message: message, input: input, context: context)
    }
}

extension IssueKind {
    static let missing = IssueKind("missing", "Field required")
    static let extraForbidden = IssueKind("extra_forbidden", "Extra inputs are not permitted")
    static let objectType = IssueKind(
        "model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
    static let dictType = IssueKind("dict_type", "Input should be a valid dictionary")
    static let listType = IssueKind("list_type", "Input should be a valid list")

    static func tooShort(minimum: Int, actual: Int) -> IssueKind {
        IssueKind(
            "too_short", "List should have at least \(counted(minimum, "item")) after validation, not \(actual)",
            ["field_type": "List", "min_length": json(minimum), "actual_length": json(actual)])
    }

    static func tooLong(maximum: Int, actual: Int) -> IssueKind {
        IssueKind(
            "too_long", "List should have at most \(counted(maximum, "item")) after validation, not \(actual)",
            ["field_type": "List", "max_length": json(maximum), "actual_length": json(actual)])
    }

    /// What a validator of the model itself raises; FastAPI shows the exception as an empty object.
    static func value(_ message: String) -> IssueKind {
        IssueKind("value_error", "Value error, \(message)", ["error": .object([:])])
    }
}

// MARK: - Strings and choices

extension IssueKind {
    static let stringType = IssueKind("string_type", "Input should be a valid string")

    static func stringTooShort(minLength: Int) -> IssueKind {
        IssueKind(
            "string_too_short", "String should have at least \(counted(minLength, "character"))",
            ["min_length": json(minLength)])
    }

    static func stringTooLong(maxLength: Int) -> IssueKind {
        IssueKind(
            "string_too_long", "String should have at most \(counted(maxLength, "character"))",
            ["max_length": json(maxLength)])
    }

    static func stringPatternMismatch(_ pattern: String) -> IssueKind {
        IssueKind(
            "string_pattern_mismatch", "String should match pattern '\(pattern)'", ["pattern": .string(pattern)])
    }

    static func notOneOf(_ choice: Choice) -> IssueKind {
        let expected = choice.alternatives
        let type = switch choice.kind {
        case .enumeration: "enum"
        case .literal: "literal_error"
        }
        return IssueKind(type, "Input should be \(expected)", ["expected": .string(expected)])
    }
}

// MARK: - Numbers and booleans

extension IssueKind {
    static let floatType = IssueKind("float_type", "Input should be a valid number")
    static let floatParsing = IssueKind(
        "float_parsing", "Input should be a valid number, unable to parse string as a number")
    static let finiteNumber = IssueKind("finite_number", "Input should be a finite number")
    static let intType = IssueKind("int_type", "Input should be a valid integer")
    static let intParsing = IssueKind(
        "int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    static let intParsingSize = IssueKind(
        "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
    static let intFromFloat = IssueKind(
        "int_from_float", "Input should be a valid integer, got a number with a fractional part")
    static let boolType = IssueKind("bool_type", "Input should be a valid boolean")
    static let boolParsing = IssueKind(
        "bool_parsing", "Input should be a valid boolean, unable to interpret input")

    /// A limit of a number: integers and doubles print differently.
    enum Bound {
        case integer(Int64)
        case number(Double)

        var text: String {
            switch self {
            case .integer(let value): String(value)
            case .number(let value): PythonText.plainDecimal(value)
            }
        }

        var json: JSON {
            switch self {
            case .integer(let value): .integer(value)
            case .number(let value): .number(value)
            }
        }
    }

    static func multipleOf(_ bound: Bound) -> IssueKind {
        IssueKind("multiple_of", "Input should be a multiple of \(bound.text)", ["multiple_of": bound.json])
    }

    static func lessThanEqual(_ bound: Bound) -> IssueKind {
        IssueKind("less_than_equal", "Input should be less than or equal to \(bound.text)", ["le": bound.json])
    }

    static func lessThan(_ bound: Bound) -> IssueKind {
        IssueKind("less_than", "Input should be less than \(bound.text)", ["lt": bound.json])
    }

    static func greaterThanEqual(_ bound: Bound) -> IssueKind {
        IssueKind("greater_than_equal", "Input should be greater than or equal to \(bound.text)", ["ge": bound.json])
    }

    static func greaterThan(_ bound: Bound) -> IssueKind {
        IssueKind("greater_than", "Input should be greater than \(bound.text)", ["gt": bound.json])
    }
}

// MARK: - Dates

extension IssueKind {
    static let datetimeType = IssueKind("datetime_type", "Input should be a valid datetime")
    static let dateType = IssueKind("date_type", "Input should be a valid date")
    static let dateFromDatetimeInexact = IssueKind(
        "date_from_datetime_inexact", "Datetimes provided to dates should have zero time - e.g. be exact dates")

    static func datetimeParsing(_ error: String) -> IssueKind {
        IssueKind("datetime_parsing", "Input should be a valid datetime, \(error)", ["error": .string(error)])
    }

    static func datetimeFromDateParsing(_ error: String) -> IssueKind {
        IssueKind(
            "datetime_from_date_parsing", "Input should be a valid datetime or date, \(error)",
            ["error": .string(error)])
    }

    static func dateParsing(_ error: String) -> IssueKind {
        IssueKind(
            "date_parsing", "Input should be a valid date in the format YYYY-MM-DD, \(error)",
            ["error": .string(error)])
    }

    static func dateFromDatetimeParsing(_ error: String) -> IssueKind {
        IssueKind(
            "date_from_datetime_parsing", "Input should be a valid date or datetime, \(error)",
            ["error": .string(error)])
    }
}

private func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}

private func json(_ count: Int) -> JSON { .integer(Int64(count)) }
