/// What a value must be: the type of a field of a collection, a member of a search request, a query parameter or the
/// id in a path. Judged as Pydantic v2 judges it in lax mode.
public enum FieldType: Sendable, Hashable {
    case any
    case string(StringLimits)
    /// Python's `int`: of any size.
    case integer(IntegerLimits)
    /// Python's `float`, but finite: JSON has no word for the others.
    case number(NumberLimits)
    case boolean
    /// Becomes RFC 3339 in UTC; a time without an offset is in UTC.
    case dateTime
    case date
    /// One of a list of values: JSON Schema's `enum` and `const`.
    case choice(Choice)
    indirect case array(of: FieldType, limits: CountLimits)
    /// An object with declared members.
    case object(ObjectType)
    /// An object with any members.
    case dictionary
    /// The type, or null.
    indirect case nullable(FieldType)
}

/// Lengths are counted in code points.
public struct StringLimits: Sendable, Hashable {
    public var minLength: Int?
    public var maxLength: Int?
    public var pattern: Pattern?

    public init(minLength: Int? = nil, maxLength: Int? = nil, pattern: Pattern? = nil) {
        self.minLength = minLength
        self.maxLength = maxLength
        self.pattern = pattern
    }
}

public struct IntegerLimits: Sendable, Hashable {
    public var minimum: Int64?
    public var maximum: Int64?
    public var exclusiveMinimum: Int64?
    public var exclusiveMaximum: Int64?
    /// Positive.
    public var multipleOf: Int64?

    public init(
        minimum: Int64? = nil, maximum: Int64? = nil, exclusiveMinimum: Int64? = nil, exclusiveMaximum: Int64? = nil,
        multipleOf: Int64? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.exclusiveMinimum = exclusiveMinimum
        self.exclusiveMaximum = exclusiveMaximum
        self.multipleOf = multipleOf
    }
}

/// All finite.
public struct NumberLimits: Sendable, Hashable {
    public var minimum: Double?
    public var maximum: Double?
    public var exclusiveMinimum: Double?
    public var exclusiveMaximum: Double?
    /// Positive.
    public var multipleOf: Double?

    public init(
        minimum: Double? = nil, maximum: Double? = nil, exclusiveMinimum: Double? = nil,
        exclusiveMaximum: Double? = nil, multipleOf: Double? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.exclusiveMinimum = exclusiveMinimum
        self.exclusiveMaximum = exclusiveMaximum
        self.multipleOf = multipleOf
    }
}

/// How many elements an array may have.
public struct CountLimits: Sendable, Hashable {
    public var minimum: Int?
    public var maximum: Int?

    public init(minimum: Int? = nil, maximum: Int? = nil) {
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// The values that a choice allows.
public struct Choice: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A Python `Enum` whose members are all strings, all integers, all numbers, or mixed. `enum` in a schema.
        case enumeration
        /// A Python `Literal`. `const` in a schema.
        case literal
    }

    public let kind: Kind
    /// Never empty.
    public let values: [JSON]
    /// The values as messages name them: `'a', 'b' or 'c'`.
    let alternatives: String

    public init(kind: Kind, values: [JSON]) {
        self.kind = kind
        self.values = values
        alternatives = PythonText.alternatives(values)
    }
}

/// The members of an object.
public struct ObjectType: Sendable, Hashable {
    /// In the order of declaration, which is the order of errors and of the stored members.
    public var fields: [Field]
    public var refusesUnknownFields: Bool

    public init(fields: [Field], refusesUnknownFields: Bool = false) {
        self.fields = fields
        self.refusesUnknownFields = refusesUnknownFields
    }
}

/// One declared member of an object; at the top level, a field of a record.
public struct Field: Sendable, Hashable {
    public var name: String
    public var type: FieldType
    public var isRequired: Bool
    /// What an absent member becomes.
    public var defaultValue: JSON

    public init(name: String, type: FieldType, isRequired: Bool, defaultValue: JSON = .null) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.defaultValue = defaultValue
    }
}

extension FieldType {
    public static var string: FieldType { .string(StringLimits()) }
    public static var integer: FieldType { .integer(IntegerLimits()) }
    public static var number: FieldType { .number(NumberLimits()) }

    public static func string(length: ClosedRange<Int>) -> FieldType {
        .string(StringLimits(minLength: length.lowerBound, maxLength: length.upperBound))
    }

    /// One of `values`, as a Python `Literal` of strings.
    public static func string(oneOf values: [String]) -> FieldType {
        .choice(Choice(kind: .literal, values: values.map(JSON.string)))
    }

    public static func integer(_ range: ClosedRange<Int64>) -> FieldType {
        .integer(IntegerLimits(minimum: range.lowerBound, maximum: range.upperBound))
    }

    public static func integer(_ range: PartialRangeFrom<Int64>) -> FieldType {
        .integer(IntegerLimits(minimum: range.lowerBound))
    }

    public static func number(_ range: ClosedRange<Double>) -> FieldType {
        .number(NumberLimits(minimum: range.lowerBound, maximum: range.upperBound))
    }

    public static func array(of element: FieldType, count: ClosedRange<Int>) -> FieldType {
        .array(of: element, limits: CountLimits(minimum: count.lowerBound, maximum: count.upperBound))
    }
}
