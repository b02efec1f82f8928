import RecordSchema
import WireProtocol

extension SearchCommand {
    /// Reads a QUERY of the wire protocol.
    init(_ query: QueryRequest, _ definition: CollectionDefinition, shape: VectorShape?) throws(ServiceFailure) {
        let source: Source =
            switch query.source {
            case .text(let text): .text(text)
            case .likeID(let id): .like(Int64(clamping: id))
            case .vector(let vector): .vector(vector)
            }
        if case .vector(let vector) = source, let shape, vector.count != shape.dimension {
            throw .invalid([
                ValidationIssue(
                    type: "value_error", loc: ["body", "vector"],
                    message: "Value error, the vector has \(vector.count) components, not \(shape.dimension)", input: .null)
            ])
        }
        if case .vector(let vector) = source, shape?.metric == .cosine, vector.allSatisfy({ $0 == 0 }) {
            throw .invalid([
                ValidationIssue(
                    type: "value_error", loc: ["body", "vector"],
                    message: "Value error, a vector of zeros has no direction", input: .null)
            ])
        }
        self.init(source: source)
        resultLimit = query.resultLimit
        offset = query.offset
        minimumScore = query.minimumScore
        fields = query.fields.isEmpty ? nil : query.fields
        minSeq = Int64(clamping: query.minSeq)
        isExact = query.isExact
        recallTarget = query.recallTarget
        switch query.filter {
        case .filter(let filter):
            do throws(FilterError) {
                try filter.validate(columns: definition.columns)
            } catch {
                throw .invalid([
                    ValidationIssue(
                        type: "value_error", loc: ["body", "filter"], message: "Value error, \(error)", input: .null)
                ])
            }
            self.filter = filter
        case .json(let bytes):
            var issues: [ValidationIssue] = []
            filter = Filter.parse(
                try RequestJSON.parse(bytes), columns: definition.columns, at: ["body", "filter"], into: &issues)
            guard issues.isEmpty else { throw .invalid(issues) }
        case nil: break
        }
        try check(definition, at: ["body"], input: .null)
    }
}
