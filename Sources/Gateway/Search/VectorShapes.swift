import RecordSchema
import WireProtocol

/// What the vectors of a collection are like.
struct VectorShape: Sendable {
    let dimension: Int
    let metric: VectorMetric
}

/// The shape of every collection's vectors.
struct VectorShapes: Sendable {
    /// Of the model that embeds texts; `nil` without one.
    let modelDimension: Int?

    /// `nil`: the collection has no vectors.
    subscript(definition: CollectionDefinition) -> VectorShape? {
        switch definition.embeddingSource {
        case .text: modelDimension.map { VectorShape(dimension: $0, metric: .cosine) }
        case .vector(let dimension, let name):
            // The names in collection files and on the wire are the same; a file with another was refused.
            VectorMetric(rawValue: name).map { VectorShape(dimension: dimension, metric: $0) }
        case .none: nil
        }
    }
}
