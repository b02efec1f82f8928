/// Where the vectors of a collection come from.
public enum EmbeddingSource: Sendable, Hashable {
    /// The text of these fields, in this order, is embedded by the gateway.
    case text(fields: [String])
    /// Every record brings its own `vector` of `dimension` components. `metric` is `cosine`, `dot` or `euclidean`.
    case vector(dimension: Int, metric: String)
    /// The collection is not searched by meaning.
    case none
}
