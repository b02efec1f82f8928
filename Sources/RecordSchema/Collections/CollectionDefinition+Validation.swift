extension CollectionDefinition {
    /// Judges a body as a record of the collection.
    ///
    /// First all fields, in the order of the file, with all their issues; then fields that are not declared; then, if
    /// all that is well, white space is trimmed and the rules are judged, up to the first that is broken.
    ///
    /// The stored form of a record gives the same record again, with one exception that Pydantic has too: trimming may
    /// leave less than `minLength`. So what follows from stored fields is derived from them, not by validating again.
    ///
    /// - Parameters:
    ///   - now: Microseconds since 1970-01-01T00:00:00Z, for rules that compare with the time.
    ///   - loc: Where the body is in the request. At the default, `["body"]`, null counts as no body, as in FastAPI.
    public func validate(
        _ body: JSON, now: Int64, at loc: [LocComponent] = ["body"]
    ) -> Result<ValidRecord, ValidationFailure> {
        var validator = Validator(loc: loc)
        if body.isNull, loc == ["body"] { validator.report(.missing, .null) }
        guard validator.issues.isEmpty, case .object(let object) = body else {
            if validator.issues.isEmpty { validator.report(.objectType, body) }
            return .failure(.invalid(validator.issues))
        }
        var vector: [Float]?
        let fields = validator.members(object, type) { validator in
            guard case .vector(let dimension, let metric) = embeddingSource else { return nil }
            vector = validator.vector(in: object, dimension: dimension, metric: metric)
            return "vector"
        }
        guard var fields, validator.issues.isEmpty else { return .failure(.invalid(validator.issues)) }
        for name in trimmedFields {
            if case .string(let text)? = fields[name] { fields[name] = .string(PythonText.stripped(text)) }
        }
        if let failure = brokenRule(fields, of: object, now: now, at: loc) { return .failure(failure) }
        return .success(record(fields, vector: vector))
    }

    private func brokenRule(
        _ fields: JSONObject, of body: JSONObject, now: Int64, at loc: [LocComponent]
    ) -> ValidationFailure? {
        guard let rule = rules.first(where: { !$0.holds(for: fields, now: now) }) else { return nil }
        switch rule.failure {
        case .dataQuality:
            return .dataQuality(message: rule.message, field: rule.field)
        case .valueError:
            let kind = IssueKind.value(rule.message)
            guard let field = rule.field else { return .invalid([kind.issue(at: loc, input: .object(body))]) }
            return .invalid([kind.issue(at: loc + [.key(field)], input: body[field] ?? .null)])
        }
    }

    // MARK: - What follows from the fields

    private func record(_ fields: JSONObject, vector: [Float]?) -> ValidRecord {
        ValidRecord(
            fields: fields, body: fields.serialized(), embeddingText: embeddingText(of: fields), vector: vector,
            key: key(of: fields), filterValues: filterValues(of: fields))
    }

    /// The values of each column, as in `ValidRecord.filterValues`.
    ///
    /// - Parameter fields: The fields of a record, perhaps stored when the file was another: a value of a type that
    ///   is not the column's is none.
    public func filterValues(of fields: JSONObject) -> [[FilterValue]] {
        columns.map { $0.values(in: fields) }
    }

    /// The text of a record that is embedded, as in `ValidRecord.embeddingText`.
    ///
    /// - Parameter fields: The fields of a record.
    public func embeddingText(of fields: JSONObject) -> String? {
        guard case .text(let names) = embeddingSource else { return nil }
        return names.compactMap { fields[$0] }.flatMap(Self.texts).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func texts(_ value: JSON) -> [String] {
        switch value {
        case .string(let text): return [text]
        case .integer(let number): return [String(number)]
        case .bigInteger(let digits): return [digits]
        case .number(let number):
            // A whole number reads better without its `.0`.
            let text = PythonFloat.text(number)
            return [text.hasSuffix(".0") ? String(text.dropLast(2)) : text]
        case .array(let elements): return elements.flatMap(texts)
        case .null, .boolean, .object: return []
        }
    }

    /// The natural key of a record, as in `ValidRecord.key`.
    ///
    /// - Parameter fields: The fields of a record.
    public func key(of fields: JSONObject) -> String? {
        guard !keyFields.isEmpty else { return nil }
        var values: [JSON] = []
        for name in keyFields {
            guard let value = fields[name], !value.isNull else { return nil }
            values.append(value)
        }
        return String(decoding: JSON.array(values).serialized(), as: UTF8.self)
    }
}

extension Validator {
    /// The `vector` that a record brings, as Float.
    mutating func vector(in body: JSONObject, dimension: Int, metric: String) -> [Float]? {
        at("vector") { validator in
            guard let value = body["vector"] else {
                validator.report(.missing, .object(body))
                return nil
            }
            return validator.vector(value, dimension: dimension, metric: metric)
        }
    }

    mutating func vector(_ value: JSON, dimension: Int, metric: String) -> [Float]? {
        if let vector = Self.plainVector(value, dimension: dimension) { return vector }
        let issueCount = issues.count
        let type = FieldType.array(of: .number, limits: CountLimits(minimum: dimension, maximum: dimension))
        guard case .array(let elements)? = check(value, type) else { return nil }
        var vector: [Float] = []
        vector.reserveCapacity(dimension)
        for (index, element) in elements.enumerated() {
            let component = Float(element.doubleValue ?? .nan)
            // A finite double may be beyond the range of Float.
            if !component.isFinite { at(.index(index)) { $0.report(.finiteNumber, element) } }
            vector.append(component)
        }
        guard issues.count == issueCount else { return nil }
        if metric == "cosine", vector.allSatisfy({ $0 == 0 }) {
            report(.value("a vector of zeros has no direction"), value)
            return nil
        }
        return vector
    }
}

extension Validator {
    /// The vector, if it is an array of `dimension` numbers that are finite and whose first is not 0: nearly every
    /// one, told without a look at types and places.
    private static func plainVector(_ value: JSON, dimension: Int) -> [Float]? {
        guard case .array(let elements) = value, elements.count == dimension else { return nil }
        var vector: [Float] = []
        vector.reserveCapacity(dimension)
        for element in elements {
            guard case .number(let number) = element else { return nil }
            let component = Float(number)
            guard component.isFinite else { return nil }
            vector.append(component)
        }
        return vector.first == 0 ? nil : vector
    }
}

extension CollectionDefinition {
    /// Judges a query's vector as a record's own: an array of `dimension` finite numbers, for `cosine` not all zero.
    ///
    /// - Returns: `nil` when an issue was added.
    public static func vector(
        _ value: JSON, dimension: Int, metric: String, at loc: [LocComponent],
        into issues: inout [ValidationIssue]
    ) -> [Float]? {
        var validator = Validator(loc: loc)
        let vector = validator.vector(value, dimension: dimension, metric: metric)
        issues += validator.issues
        return vector
    }
}
