/// A record's vector of the set that serves.
public struct StoredVector: Sendable, Hashable {
    /// As many as the collection's dimension.
    public let components: [Float]
    /// `VectorSettings.modelDigest` of the set; `nil`: the records bring their own vectors.
    public let modelDigest: String?
}
