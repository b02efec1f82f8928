extension FileReader {
    /// The members that `properties`, `required` and `additionalProperties` declare.
    mutating func objectType(_ keywords: [String: FileNode], _ place: String, depth: Int) -> ObjectType? {
        guard let properties = keywords["properties"] else { return nil }
        let propertiesPlace = Self.join(place, "properties")
        guard let entries = entries(properties, propertiesPlace) else { return nil }
        let required = requiredNames(keywords["required"], Self.join(place, "required"), entries)
        var fields: [Field] = []
        for entry in entries {
            let fieldPlace = Self.join(propertiesPlace, entry.key)
            if entry.key.isEmpty { report(entry.line, fieldPlace, "a property without a name") }
            guard let type = fieldType(entry.value, fieldPlace, depth: depth + 1) else { continue }
            let isRequired = required.contains(entry.key)
            fields.append(field(entry, fieldPlace, type, isRequired: isRequired))
        }
        return ObjectType(
            fields: fields,
            refusesUnknownFields: refusesUnknownFields(keywords["additionalProperties"], place))
    }

    private mutating func requiredNames(
        _ node: FileNode?, _ place: String, _ entries: [FileNode.Entry]
    ) -> Set<String> {
        guard let node else { return [] }
        let names = names(node, place)
        for (name, line) in names where !entries.contains(where: { $0.key == name }) {
            report(line, place, "\(name) is none of the properties")
        }
        return Set(names.map(\.name))
    }

    /// A field that may be absent may be null too, and is null then, unless it has a default.
    private mutating func field(
        _ entry: FileNode.Entry, _ place: String, _ type: FieldType, isRequired: Bool
    ) -> Field {
        guard case .mapping(let keywords) = entry.value.content,
            let node = keywords.first(where: { $0.key == "default" })?.value
        else {
            return Field(name: entry.key, type: isRequired ? type : type.orNull, isRequired: isRequired)
        }
        let defaultPlace = Self.join(place, "default")
        if isRequired { report(node.line, defaultPlace, "has no use for a property that is required") }
        var issues: [ValidationIssue] = []
        let value = type.validate(node.json, at: [], into: &issues)
        if let issue = issues.first { report(node.line, defaultPlace, "is not valid itself: \(issue.message)") }
        return Field(name: entry.key, type: type, isRequired: isRequired, defaultValue: value ?? .null)
    }

    private mutating func refusesUnknownFields(_ node: FileNode?, _ place: String) -> Bool {
        guard let node else { return false }
        let place = Self.join(place, "additionalProperties")
        guard let isAllowed = boolean(node, place) else { return false }
        if isAllowed {
            report(node.line, place, "true is not supported: without it unknown fields are dropped, false refuses them")
        }
        return !isAllowed
    }
}

extension FieldType {
    var orNull: FieldType {
        if case .nullable = self { self } else { .nullable(self) }
    }

    /// The type without null.
    var base: FieldType {
        if case .nullable(let type) = self { type } else { self }
    }
}
