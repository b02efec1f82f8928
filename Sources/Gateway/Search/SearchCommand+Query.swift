import RecordSchema

extension SearchCommand {
    /// Parameters of a search that are no filter field. Their types are those of the members of a JSON body.
    static let parameters: [Parameter] =
        [
            Parameter(
                name: "q", type: .string(length: queryTextLengthRange), summary: "The text to search for.",
                example: "data engineer")
        ]
        + bodyType.fields.filter { $0.name != "vector" && $0.name != "filter" }.map { field in
            let type: FieldType =
                switch field.name {
                case "text": .string(length: queryTextLengthRange)
                case "fields": .string
                default: field.type.withoutNull
                }
            return Parameter(
                name: field.name, type: type, summary: summaries[field.name] ?? "", defaultValue: field.defaultValue)
        }

    /// What each member of a search is for; the same sentence in the body and among the parameters.
    static let summaries: [String: String] = [
        "text": "The text to search for.",
        "vector": "The vector to search for, of the collection's dimension.",
        "like": "Search for what is like the record with this id, which is not among the hits.",
        "top_k": "Hits at most.",
        "offset": "Hits to leave out first.",
        "filter": "What a record must satisfy; it never costs hits.",
        "mode": "`semantic` by meaning, `keyword` by words, `hybrid` both.",
        "min_score": "Hits below this score are left out.",
        "fields": "The fields to show; in a query, separated by commas.",
        "min_seq": "Answer only from workers that have applied this write.",
        "partial": "Whether the answer of some shards is better than an error.",
        "exact": "Scan everything, whatever faster way there is.",
        "recall": "The share of the truly nearest records that the hits should have on average; less is faster, 1 is `exact`. Small collections are always compared whole.",
    ]

    private static func parameter(_ name: String) -> Parameter {
        guard let parameter = parameters.first(where: { $0.name == name }) else {
            preconditionFailure("a search declares no parameter of this name")
        }
        return parameter
    }

    /// Reads a search from query parameters: `q` (or `text`) and `like`, or the vector that came as the body; whatever
    /// is no parameter of its own is a filter, as in lists.
    init(
        query: QueryString, vector: [Float]?, _ definition: CollectionDefinition
    ) throws(ServiceFailure) {
        var reader = ParameterReader(query)
        let text = reader.text(Self.parameter("q")) ?? reader.text(Self.parameter("text"))
        let like = reader.value(Self.parameter("like"))?.integerValue
        let resultLimit = reader.integer(Self.parameter("top_k"))
        let offset = reader.integer(Self.parameter("offset"))
        let mode = reader.text(Self.parameter("mode")).flatMap(Mode.init) ?? .semantic
        let minimumScore = reader.value(Self.parameter("min_score"))?.doubleValue.map { Float($0) }
        let minSeq = reader.value(Self.parameter("min_seq"))?.integerValue ?? 0
        let allowPartial = reader.flag(Self.parameter("partial"))
        let isExact = reader.flag(Self.parameter("exact"))
        let recallTarget = reader.value(Self.parameter("recall"))?.doubleValue.map { Float($0) }
        let filter = reader.filter(except: Self.parameters, columns: definition.columns)
        try reader.check()
        let input = JSON.object(
            JSONObject(query.parameters.prefix(Self.parameters.count).map { ($0.name, .string($0.value)) }))
        try self.init(text: text, vector: vector, like: like, at: ["query"], input: input)
        self.mode = mode
        self.resultLimit = resultLimit
        self.offset = offset
        self.filter = filter
        self.minimumScore = minimumScore
        self.minSeq = minSeq
        self.allowPartial = allowPartial
        self.isExact = isExact
        self.recallTarget = recallTarget
        let names = query.values(of: "fields").flatMap { $0.split(separator: ",").map(String.init) }
        fields = names.isEmpty ? nil : Array(names.prefix(Self.fieldCountMax))
        try check(definition, at: ["query"], input: input)
    }
}

extension FieldType {
    /// In a query there is no null: an absent parameter is absent.
    fileprivate var withoutNull: FieldType {
        if case .nullable(let type) = self { type } else { self }
    }
}
