import RecordSchema

extension SearchCommand {
    /// Parameters of a search that are no filter field.
    static let parameterNames: Set<String> = [
        "q", "text", "like", "top_k", "offset", "mode", "min_score", "fields", "min_seq", "partial", "exact",
    ]

    /// Reads a search from query parameters: `q` (or `text`) and `like`, or the vector that came as the body; whatever
    /// is no parameter of its own is a filter, as in lists.
    init(
        query: QueryString, vector: [Float]?, _ definition: CollectionDefinition
    ) throws(ServiceFailure) {
        var reader = ParameterReader(query)
        let textType = FieldType.string(length: Self.textLengthRange)
        let text = (reader.value("q", textType) ?? reader.value("text", textType))?.stringValue
        let like = reader.value("like", .integer(IntegerLimits(minimum: 0)))?.integerValue
        let resultLimit = reader.integer("top_k", in: Self.resultLimitRange, default: 10)
        let offset = reader.integer("offset", in: Self.offsetRange, default: 0)
        let mode = reader.choice("mode", Mode.allCases.map(\.rawValue)).flatMap(Mode.init) ?? .semantic
        let minimumScore = reader.value("min_score", .number)?.doubleValue.map { Float($0) }
        let minSeq = reader.value("min_seq", .integer(IntegerLimits(minimum: 0)))?.integerValue ?? 0
        let allowPartial = reader.boolean("partial")
        let isExact = reader.boolean("exact")
        let filter = reader.filter(except: Self.parameterNames, columns: definition.columns)
        try reader.check()
        let input = JSON.object(
            JSONObject(query.parameters.prefix(Self.parameterNames.count).map { ($0.name, .string($0.value)) }))
        try self.init(text: text, vector: vector, like: like, at: ["query"], input: input)
        self.mode = mode
        self.resultLimit = resultLimit
        self.offset = offset
        self.filter = filter
        self.minimumScore = minimumScore
        self.minSeq = minSeq
        self.allowPartial = allowPartial
        self.isExact = isExact
        let names = query.values(of: "fields").flatMap { $0.split(separator: ",").map(String.init) }
        fields = names.isEmpty ? nil : Array(names.prefix(Self.fieldCountMax))
        try check(definition, at: ["query"], input: input)
    }
}
