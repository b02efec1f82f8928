/// One step of the way to a value in a request: a key, or an index from 0.
public enum LocComponent: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case key(String)
    case index(Int)

    public init(stringLiteral value: String) { self = .key(value) }
    public init(integerLiteral value: Int) { self = .index(value) }
}

/// One thing that is wrong with a request: Pydantic's error, as FastAPI shows it in a 422.
public struct ValidationIssue: Sendable, Hashable {
    /// Pydantic's name for the kind of error, such as `string_too_short`.
    public var type: String
    /// Where it is: `body`, `query`, `path` or `header`, then keys and indices.
    public var loc: [LocComponent]
    public var message: String
    /// The value that is wrong; for a missing field the object that lacks it.
    public var input: JSON
    /// The parameters of `message`, where it has some.
    public var context: JSONObject?

    public init(type: String, loc: [LocComponent], message: String, input: JSON, context: JSONObject? = nil) {
        self.type = type
        self.loc = loc
        self.message = message
        self.input = input
        self.context = context
    }

    /// `{"type", "loc", "msg", "input", "ctx"}`, the last only where there is a context.
    public var json: JSON {
        var object: JSONObject = [
            "type": .string(type), "loc": .array(loc.map(\.json)), "msg": .string(message), "input": input,
        ]
        if let context { object["ctx"] = .object(context) }
        return .object(object)
    }
}

extension ValidationIssue {
    /// Appends what `json` is, without making it first.
    public func serialize(into bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"type\":".utf8)
        JSON.string(type).serialize(into: &bytes)
        bytes.append(contentsOf: ",\"loc\":[".utf8)
        var isFirst = true
        for component in loc {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            component.json.serialize(into: &bytes)
        }
        bytes.append(contentsOf: "],\"msg\":".utf8)
        JSON.string(message).serialize(into: &bytes)
        bytes.append(contentsOf: ",\"input\":".utf8)
        input.serialize(into: &bytes)
        if let context {
            bytes.append(contentsOf: ",\"ctx\":".utf8)
            context.serialize(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension LocComponent {
    public var json: JSON {
        switch self {
        case .key(let key): .string(key)
        case .index(let index): .integer(Int64(index))
        }
    }
}

/// Why a body is no record of its collection.
public enum ValidationFailure: Error, Sendable, Hashable {
    /// HTTP 422: every issue of the body, in the order of the fields; never empty, at most `issueCountLimit`.
    case invalid([ValidationIssue])
    /// HTTP 400: a rule marked `error: data_quality` does not hold.
    case dataQuality(message: String, field: String?)

    /// More issues than this are not listed: a body of a mebibyte could have half a million of them.
    public static let issueCountLimit = 1_000
}
