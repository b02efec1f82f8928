/// A body that passed validation, with everything that follows from it alone.
public struct ValidRecord: Sendable, Hashable {
    /// Every declared field in the order of the file, absent ones as null; timestamps in RFC 3339, UTC. No `vector`.
    public let fields: JSONObject
    /// `fields` as compact JSON in UTF-8: equal records have equal bytes.
    public let body: [UInt8]
    /// What is embedded: the values of the `embed` fields that are there and not empty, joined by a space; an empty
    /// string when there is none. `nil` in a collection that embeds nothing.
    public let embeddingText: String?
    /// The record's own vector, in a collection whose records bring one: `dimension` finite components, and for
    /// `cosine` not all zero.
    public let vector: [Float]?
    /// The values of the `key` fields as a compact JSON array; `nil` when the collection has no natural key or one of
    /// the values is null.
    public let key: String?
    /// The values of each filter column, in the order of `CollectionDefinition.columns`; none where the field is null.
    public let filterValues: [[FilterValue]]
}
