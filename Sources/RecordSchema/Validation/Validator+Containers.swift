extension Validator {
    mutating func array(_ value: JSON, _ element: FieldType, _ limits: CountLimits) -> JSON? {
        guard case .array(let elements) = value else { return refuse(.listType, value) }
        if let maximum = limits.maximum, elements.count > maximum {
            return refuse(.tooLong(maximum: maximum, actual: elements.count), value)
        }
        let issueCount = issues.count
        var result: [JSON] = []
        result.reserveCapacity(elements.count)
        for (index, item) in elements.enumerated() {
            if isFull { break }
            enter(.index(index))
            if let checked = check(item, element) { result.append(checked) }
            leave()
        }
        guard issues.count == issueCount, !isFull else { return nil }
        if let minimum = limits.minimum, elements.count < minimum {
            return refuse(.tooShort(minimum: minimum, actual: elements.count), value)
        }
        return .array(result)
    }

    mutating func object(_ value: JSON, _ type: ObjectType) -> JSON? {
        guard case .object(let object) = value else { return refuse(.objectType, value) }
        return members(object, type).map(JSON.object)
    }

    /// Every declared member in the order of declaration; issues of those first, then of members that are not
    /// declared, in the order of the body.
    ///
    /// - Parameter checkOther: Called between the two, for a member that is no field. Its answer is the name of it.
    mutating func members(
        _ object: JSONObject, _ type: ObjectType, checkOther: ((inout Validator) -> String?)? = nil
    ) -> JSONObject? {
        let issueCount = issues.count
        var result = JSONObject()
        result.reserveCapacity(type.fields.count)
        for field in type.fields {
            if let value = object[field.name] {
                enter(.key(field.name))
                if let checked = check(value, field.type) { result.append(field.name, checked) }
                leave()
            } else if field.isRequired {
                at(.key(field.name)) { $0.report(.missing, .object(object)) }
            } else {
                result.append(field.name, field.defaultValue)
            }
        }
        let other = checkOther?(&self)
        if type.refusesUnknownFields {
            let known = Set(type.fields.map { JSON.string($0.name) })
            for member in object.members where member.key != other && !known.contains(.string(member.key)) {
                if isFull { break }
                at(.key(member.key)) { $0.report(.extraForbidden, member.value) }
            }
        }
        return issues.count == issueCount && !isFull ? result : nil
    }

    mutating func dictionary(_ value: JSON) -> JSON? {
        guard case .object = value else { return refuse(.dictType, value) }
        return anything(value)
    }

    /// Any value that can be stored, which an infinite number cannot.
    mutating func anything(_ value: JSON) -> JSON? {
        switch value {
        case .number(let number) where !number.isFinite:
            return refuse(.finiteNumber, value)
        case .array(let elements):
            let issueCount = issues.count
            for (index, element) in elements.enumerated() where !isFull {
                _ = at(.index(index)) { $0.anything(element) }
            }
            return issues.count == issueCount ? value : nil
        case .object(let object):
            let issueCount = issues.count
            for member in object.members where !isFull {
                _ = at(.key(member.key)) { $0.anything(member.value) }
            }
            return issues.count == issueCount ? value : nil
        default:
            return value
        }
    }
}
