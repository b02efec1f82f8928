/// How similar two vectors are, and so what a score means. A higher score is always the better one.
public enum Metric: String, Sendable, Hashable, CaseIterable {
    /// The cosine of the angle between the vectors, -1...1.
    case cosine
    /// The inner product; lengths count.
    case dot
    /// The negated Euclidean distance: 0 for the same vector, else below 0.
    case euclidean
}
