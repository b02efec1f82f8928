/// The `x-kazi` block of a collection file.
struct CollectionExtensions {
    var trimmedFields: [String] = []
    var embeddingSource: EmbeddingSource = .none
    var columns: [FilterColumn] = []
    var keyFields: [String] = []
    var rules: [Rule] = []
}

extension FileReader {
    private static let blockKeywords = ["trim", "embed", "vector", "filter", "key", "rules"]
    private static let ruleKeywords = ["check", "message", "error", "field"]
    private static let metrics = ["cosine", "dot", "euclidean"]
    private static let dimensionLimit: Int64 = 65_536
    /// Words of the filter language and parameters of lists and searches, which a column of the name would hide.
    private static let reservedColumns = [
        "all", "any", "not", "keyword", "limit", "offset", "sort", "cursor", "q", "top_k", "mode", "min_score",
        "fields", "min_seq", "partial", "exact", "recall", "wait", "atomic",
    ]

    /// - Parameter fields: `nil` when some could not be read; then the names are not looked up.
    mutating func extensions(_ node: FileNode?, fields: [Field]?) -> CollectionExtensions {
        var result = CollectionExtensions()
        guard let node, let entries = entries(node, "x-kazi") else { return result }
        for entry in entries where !Self.blockKeywords.contains(entry.key) {
            reportUnknown(entry, in: "x-kazi", known: Self.blockKeywords, noun: "keyword")
        }
        for entry in entries {
            let place = Self.join("x-kazi", entry.key)
            switch entry.key {
            case "trim":
                result.trimmedFields = named(entry.value, place, fields, "a string without a format or enum") {
                    if case .string = $0.type.base { true } else { false }
                }.map(\.name)
            case "embed":
                let names = named(
                    entry.value, place, fields, "a string, a number or an array of strings", where: Self.isEmbeddable)
                result.embeddingSource = .text(fields: names.map(\.name))
                if entry.value.json == [] { report(entry.line, place, "must name at least one field") }
            case "vector":
                if let source = vectorSource(entry.value, place) { result.embeddingSource = source }
            case "filter":
                result.columns = columns(entry.value, place, fields)
            case "key":
                result.keyFields = named(entry.value, place, fields, "a string, a number or a boolean") {
                    FilterColumn(field: $0).map { !$0.isArray } ?? false
                }.map(\.name)
            case "rules":
                result.rules = rules(entry.value, place, fields)
            default: break
            }
        }
        if let vector = entries.first(where: { $0.key == "vector" }), entries.contains(where: { $0.key == "embed" }) {
            report(vector.line, "x-kazi.vector", "a collection has embed or vector, not both")
        }
        return result
    }

    /// The listed fields, each of which has to exist and to be suitable.
    private mutating func named(
        _ node: FileNode, _ place: String, _ fields: [Field]?, _ requirement: String,
        where isSuitable: (Field) -> Bool
    ) -> [Field] {
        var result: [Field] = []
        for (name, line) in names(node, place) {
            guard let fields else { continue }
            guard let field = fields.first(where: { $0.name == name }) else {
                report(line, place, unknownField(name, fields))
                continue
            }
            if !isSuitable(field) { report(line, place, "\(name) is not \(requirement)") }
            result.append(field)
        }
        return result
    }

    private func unknownField(_ name: String, _ fields: [Field]) -> String {
        let nearest = fields.map(\.name).min { Self.distance($0, name) < Self.distance($1, name) }
        let suggestion = nearest.flatMap { Self.distance($0, name) <= 2 ? "; did you mean \($0)?" : nil } ?? ""
        return "\(name) is none of the properties\(suggestion)"
    }

    private static func isEmbeddable(_ field: Field) -> Bool {
        switch field.type.base {
        case .string, .integer, .number: true
        case .choice(let choice): choice.values.allSatisfy { $0.booleanValue == nil }
        case .array(let element, _):
            if case .string = element.base { true } else { false }
        default: false
        }
    }

    private mutating func vectorSource(_ node: FileNode, _ place: String) -> EmbeddingSource? {
        guard let entries = entries(node, place) else { return nil }
        for entry in entries where entry.key != "dimension" && entry.key != "metric" {
            reportUnknown(entry, in: place, known: ["dimension", "metric"], noun: "keyword")
        }
        guard let dimensionNode = entries.first(where: { $0.key == "dimension" })?.value else {
            report(node.line, place, "dimension is missing")
            return nil
        }
        guard let dimension = integer(dimensionNode, Self.join(place, "dimension")) else { return nil }
        if !(1...Self.dimensionLimit).contains(dimension) {
            report(dimensionNode.line, Self.join(place, "dimension"), "must be 1 to \(Self.dimensionLimit)")
            return nil
        }
        guard let metricNode = entries.first(where: { $0.key == "metric" })?.value else {
            return .vector(dimension: Int(dimension), metric: "cosine")
        }
        guard let metric = string(metricNode, Self.join(place, "metric")) else { return nil }
        if !Self.metrics.contains(metric) {
            report(metricNode.line, Self.join(place, "metric"), "must be cosine, dot or euclidean, not \(metric)")
        }
        return .vector(dimension: Int(dimension), metric: metric)
    }

    private mutating func columns(_ node: FileNode, _ place: String, _ fields: [Field]?) -> [FilterColumn] {
        let fields = named(node, place, fields, "a string, a number, a boolean, a date, or an array of them") {
            FilterColumn(field: $0) != nil
        }
        for field in fields where Self.reservedColumns.contains(field.name) {
            report(node.line, place, "\(field.name) cannot be filtered on: the API uses that word itself")
        }
        return fields.compactMap(FilterColumn.init(field:))
    }

    private mutating func rules(_ node: FileNode, _ place: String, _ fields: [Field]?) -> [Rule] {
        var rules: [Rule] = []
        for (index, element) in (elements(node, place) ?? []).enumerated() {
            let place = "\(place)[\(index)]"
            guard let entries = entries(element, place) else { continue }
            for entry in entries where !Self.ruleKeywords.contains(entry.key) {
                reportUnknown(entry, in: place, known: Self.ruleKeywords, noun: "keyword")
            }
            let keywords = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
            if let rule = rule(keywords, place, line: element.line, fields) { rules.append(rule) }
        }
        return rules
    }

    private mutating func rule(
        _ keywords: [String: FileNode], _ place: String, line: Int, _ fields: [Field]?
    ) -> Rule? {
        var failure = Rule.Failure.valueError
        if let node = keywords["error"] {
            switch node.json {
            case "value_error": failure = .valueError
            case "data_quality": failure = .dataQuality
            default: report(node.line, Self.join(place, "error"), "must be value_error or data_quality")
            }
        }
        var fieldName: String?
        if let node = keywords["field"] {
            fieldName = string(node, Self.join(place, "field"))
            if let fields, let name = fieldName, !fields.contains(where: { $0.name == name }) {
                report(node.line, Self.join(place, "field"), unknownField(name, fields))
            }
        }
        guard let checkNode = keywords["check"] else {
            report(line, place, "check is missing")
            return nil
        }
        let checkPlace = Self.join(place, "check")
        guard let check = string(checkNode, checkPlace) else { return nil }
        var message = check
        if let node = keywords["message"] { message = string(node, Self.join(place, "message")) ?? "" }
        guard let fields else { return nil }
        do throws(RuleError) {
            let expression = try RuleParser.parse(check, fields: fields)
            return Rule(check: check, message: message, failure: failure, field: fieldName, expression: expression)
        } catch {
            report(checkNode.line, checkPlace, "at character \(error.position + 1): \(error.reason)")
            return nil
        }
    }
}
