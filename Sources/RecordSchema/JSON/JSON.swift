/// A JSON value, as it was written: integers and other numbers are different cases, as they are in Python, and an
/// object keeps the order of its keys.
///
/// Equality is exact: strings are equal when their code points are, never by canonical equivalence, `1` is not `1.0`,
/// and two objects are equal only with the same order of keys.
public enum JSON: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// An integer outside of `Int64`: a minus sign or none, then 19...4300 digits, the first not 0.
    case bigInteger(String)
    /// May be infinite or NaN when it was parsed (`NaN`, `Infinity` and `1e999` are read as Python reads them); such a
    /// number is never in a validated record.
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON: Hashable {
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.bigInteger(let left), .bigInteger(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameCodePoints(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .bigInteger(let digits): hasher.combine(digits)
        case .number(let value): hasher.combine(value)
        // Canonically equivalent strings hash alike; that is allowed, and they are rare.
        case .string(let value): hasher.combine(value)
        case .array(let elements): hasher.combine(elements)
        case .object(let object): hasher.combine(object)
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
    public init(nilLiteral: ()) { self = .null }
}

extension JSON {
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text, if this is a string.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var booleanValue: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The value, if this is an integer within `Int64`; `1.0` is none.
    public var integerValue: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The nearest double, if this is a number of any kind.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .bigInteger(let digits): Double(digits)
        case .number(let value): value
        default: nil
        }
    }

    public var arrayValue: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    public var objectValue: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }
}

extension String {
    /// Whether both strings are the same code points, which `==` does not say: it takes `é` and `e` with a combining
    /// accent for equal.
    func hasSameCodePoints(as other: String) -> Bool {
        // Most strings that are compared differ, and `==` is the quickest to say so.
        utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
    }
}
