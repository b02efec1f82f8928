extension FilterColumn {
    /// The column of a field; `nil` when values of its type cannot be filtered on.
    init?(field: Field) {
        switch field.type.base {
        case .array(let element, _):
            guard let type = FilterType(element.base) else { return nil }
            self.init(name: field.name, type: type, isArray: true)
        case let base:
            guard let type = FilterType(base) else { return nil }
            self.init(name: field.name, type: type)
        }
    }

    /// The column's values in a valid record; none where the field is null.
    func values(in fields: JSONObject) -> [FilterValue] {
        switch fields[name] {
        case .array(let elements)?: elements.compactMap(value)
        case let value?: self.value(value).map { [$0] } ?? []
        case nil: []
        }
    }

    private func value(_ value: JSON) -> FilterValue? {
        switch type {
        case .string: value.stringValue.map(FilterValue.string)
        case .boolean: value.booleanValue.map(FilterValue.boolean)
        // A huge integer may be infinite as a double, and then sorts behind all others.
        case .number: value.doubleValue.map(FilterValue.number)
        case .timestamp: Timestamp.microseconds(of: value).map(FilterValue.timestamp)
        }
    }
}

extension FilterType {
    fileprivate init?(_ type: FieldType) {
        switch type {
        case .string: self = .string
        case .integer, .number: self = .number
        case .boolean: self = .boolean
        case .dateTime, .date: self = .timestamp
        case .choice(let choice):
            switch choice.values.first {
            case .string: self = .string
            case .integer, .number: self = .number
            case .boolean: self = .boolean
            default: return nil
            }
        case .any, .array, .object, .dictionary, .nullable: return nil
        }
    }
}
