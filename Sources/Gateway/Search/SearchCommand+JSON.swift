import RecordSchema
import WireProtocol

extension SearchCommand {
    /// The members of the body of a search request; `OpenAPI` and validation both follow this one declaration.
    static let bodyType = ObjectType(
        fields: [
            Field(name: "text", type: .nullable(.string(length: textLengthRange)), isRequired: false),
            Field(name: "vector", type: .any, isRequired: false),
            Field(name: "like", type: .nullable(.integer(0...Int64.max)), isRequired: false),
            Field(name: "top_k", type: .integer(limits(resultLimitRange)), isRequired: false, defaultValue: 10),
            Field(name: "offset", type: .integer(limits(offsetRange)), isRequired: false, defaultValue: 0),
            Field(name: "filter", type: .any, isRequired: false),
            Field(name: "mode", type: .string(oneOf: Mode.allCases.map(\.rawValue)), isRequired: false, defaultValue: "semantic"),
            Field(name: "min_score", type: .nullable(.number), isRequired: false),
            Field(
                name: "fields",
                type: .nullable(.array(of: .string, limits: CountLimits(maximum: fieldCountMax))), isRequired: false),
            Field(name: "min_seq", type: .nullable(.integer(0...Int64.max)), isRequired: false),
            Field(name: "partial", type: .boolean, isRequired: false, defaultValue: false),
            Field(name: "exact", type: .boolean, isRequired: false, defaultValue: false),
            Field(name: "recall", type: .nullable(.number(recallTargetRange)), isRequired: false),
        ], refusesUnknownFields: true)

    static func limits(_ range: ClosedRange<Int64>) -> IntegerLimits {
        IntegerLimits(minimum: range.lowerBound, maximum: range.upperBound)
    }

    /// Reads the JSON body of a search; every issue at once.
    init(
        body: JSON, _ definition: CollectionDefinition, shape: VectorShape?
    ) throws(ServiceFailure) {
        var issues: [ValidationIssue] = []
        let valid = FieldType.object(Self.bodyType).validate(body, at: ["body"], into: &issues)
        guard case .object(let members)? = valid else { throw .invalid(issues) }
        var vector: [Float]?
        if let given = members["vector"], !given.isNull {
            if let shape {
                vector = CollectionDefinition.vector(
                    given, dimension: shape.dimension, metric: shape.metric.rawValue, at: ["body", "vector"], into: &issues)
            } else {
                issues.append(
                    ValidationIssue(
                        type: "value_error", loc: ["body", "vector"],
                        message: "Value error, the collection '\(definition.name)' has no vectors", input: .null,
                        context: ["error": .object([:])]))
            }
        }
        var filter: Filter?
        if let given = members["filter"], !given.isNull {
            filter = Filter.parse(given, columns: definition.columns, at: ["body", "filter"], into: &issues)
        }
        guard issues.isEmpty else { throw .invalid(issues) }
        try self.init(
            text: members["text"]?.stringValue, vector: vector, like: members["like"]?.integerValue,
            at: ["body"], input: body)
        mode = members["mode"]?.stringValue.flatMap(Mode.init) ?? .semantic
        resultLimit = Int(members["top_k"]?.integerValue ?? 10)
        offset = Int(members["offset"]?.integerValue ?? 0)
        self.filter = filter
        minimumScore = members["min_score"]?.doubleValue.map { Float($0) }
        fields = members["fields"]?.arrayValue.map { $0.compactMap(\.stringValue) }
        minSeq = members["min_seq"]?.integerValue ?? 0
        allowPartial = members["partial"]?.booleanValue ?? false
        isExact = members["exact"]?.booleanValue ?? false
        recallTarget = members["recall"]?.doubleValue.map { Float($0) }
        try check(definition, at: ["body"], input: body)
    }

    /// Exactly one source.
    init(
        text: String?, vector: [Float]?, like: Int64?, at loc: [LocComponent], input: JSON
    ) throws(ServiceFailure) {
        switch (text, vector, like) {
        case (let text?, nil, nil): self.init(source: .text(text))
        case (nil, let vector?, nil): self.init(source: .vector(vector))
        case (nil, nil, let id?): self.init(source: .like(id))
        default:
            throw .invalid([
                ValidationIssue(
                    type: "value_error", loc: loc,
                    message: "Value error, exactly one of text, vector and like is needed", input: input,
                    context: ["error": .object([:])])
            ])
        }
    }

    /// What holds between the parts of a search, and between it and its collection.
    func check(_ definition: CollectionDefinition, at loc: [LocComponent], input: JSON) throws(ServiceFailure) {
        func refuse(_ field: LocComponent, _ message: String) -> ServiceFailure {
            .invalid([
                ValidationIssue(
                    type: "value_error", loc: loc + [field], message: "Value error, \(message)", input: input,
                    context: ["error": .object([:])])
            ])
        }
        if case .text = source {
            if mode != .keyword, !definition.needsModel {
                throw refuse("text", "the collection '\(definition.name)' does not embed text: search by vector or like")
            }
        } else if mode != .semantic {
            throw refuse("mode", "mode \(mode.rawValue) searches words and needs text")
        }
        if mode != .keyword, !definition.isSearchable {
            throw refuse("mode", "the collection '\(definition.name)' has no vectors: only mode keyword searches it")
        }
        for field in fields ?? [] where !definition.canShow(field) {
            throw refuse("fields", "the collection '\(definition.name)' has no field '\(field)'")
        }
    }
}

extension CollectionDefinition {
    /// Whether a request may name `field` among those it wants to see.
    func canShow(_ field: String) -> Bool {
        switch field {
        case "id", "score", "created_at", "updated_at": true
        case "vector": isSearchable
        default: fields.contains { $0.name == field }
        }
    }
}
