extension FieldType {
    /// The type as a JSON Schema (draft 2020-12): what a value is after validation, and what a careful client sends.
    ///
    /// Lax coercions (`"12"` for a number) are accepted beyond it, as with Pydantic's own schemas.
    public var jsonSchema: JSON {
        switch self {
        case .any: return .object([:])
        case .string(let limits):
            var schema: JSONObject = ["type": "string"]
            schema.set("minLength", limits.minLength)
            schema.set("maxLength", limits.maxLength)
            if let pattern = limits.pattern { schema["pattern"] = .string(pattern.source) }
            return .object(schema)
        case .integer(let limits):
            var schema: JSONObject = ["type": "integer"]
            if let minimum = limits.minimum { schema["minimum"] = .integer(minimum) }
            if let maximum = limits.maximum { schema["maximum"] = .integer(maximum) }
            if let minimum = limits.exclusiveMinimum { schema["exclusiveMinimum"] = .integer(minimum) }
            if let maximum = limits.exclusiveMaximum { schema["exclusiveMaximum"] = .integer(maximum) }
            if let divisor = limits.multipleOf { schema["multipleOf"] = .integer(divisor) }
            return .object(schema)
        case .number(let limits):
            var schema: JSONObject = ["type": "number"]
            if let minimum = limits.minimum { schema["minimum"] = .number(minimum) }
            if let maximum = limits.maximum { schema["maximum"] = .number(maximum) }
            if let minimum = limits.exclusiveMinimum { schema["exclusiveMinimum"] = .number(minimum) }
            if let maximum = limits.exclusiveMaximum { schema["exclusiveMaximum"] = .number(maximum) }
            if let divisor = limits.multipleOf { schema["multipleOf"] = .number(divisor) }
            return .object(schema)
        case .boolean: return .object(["type": "boolean"])
        case .dateTime: return .object(["type": "string", "format": "date-time"])
        case .date: return .object(["type": "string", "format": "date"])
        case .choice(let choice):
            var schema: JSONObject = [:]
            if choice.values.allSatisfy({ $0.stringValue != nil }) { schema["type"] = "string" }
            schema["enum"] = .array(choice.values)
            return .object(schema)
        case .array(let element, let limits):
            var schema: JSONObject = ["type": "array", "items": element.jsonSchema]
            schema.set("minItems", limits.minimum)
            schema.set("maxItems", limits.maximum)
            return .object(schema)
        case .object(let type): return .object(type.jsonSchema)
        case .dictionary: return .object(["type": "object"])
        case .nullable(let type): return .object(["anyOf": .array([type.jsonSchema, .object(["type": "null"])])])
        }
    }
}

extension ObjectType {
    /// The object as a JSON Schema.
    public var jsonSchema: JSONObject {
        var properties = JSONObject()
        for field in fields {
            guard case .object(var schema) = field.type.jsonSchema else { continue }
            if !field.isRequired, !field.defaultValue.isNull { schema["default"] = field.defaultValue }
            properties[field.name] = .object(schema)
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        if refusesUnknownFields { schema["additionalProperties"] = false }
        return schema
    }
}

extension JSONObject {
    fileprivate mutating func set(_ key: String, _ value: Int?) {
        if let value { self[key] = .integer(Int64(value)) }
    }
}
