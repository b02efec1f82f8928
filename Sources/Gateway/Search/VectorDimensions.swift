import RecordSchema

/// How long a collection's vectors are.
struct VectorDimensions: Sendable {
    /// Of the model that embeds texts; `nil` without one.
    let model: Int?

    /// `nil`: the collection has no vectors.
    subscript(definition: CollectionDefinition) -> Int? {
        switch definition.embeddingSource {
        case .text: model
        case .vector(let dimension, _): dimension
        case .none: nil
        }
    }
}
