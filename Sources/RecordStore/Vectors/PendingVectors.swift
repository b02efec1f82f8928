/// Which vectors of a collection serve, and how far those are that will take their place.
public struct VectorState: Sendable, Hashable {
    /// Grows when another set begins to serve. Whatever holds vectors of another generation has to start over: mix it
    /// into what tells workers that their replicas are stale.
    public var generation: Int
    /// What serves: the feed's rows and `vector(of:)`. `nil`: nothing.
    public var serving: VectorSettings?
    /// What is in the making; `nil`: nothing.
    public var target: VectorSettings?
    /// Records that have a vector of the target, or are known to have none.
    public var pendingCount: Int
    /// Live records. When all of them are pending ones the set is whole.
    public var recordCount: Int

    public var isWhole: Bool { target != nil && pendingCount == recordCount }
}

/// A vector of the set in the making.
public struct PendingVector: Sendable, Hashable {
    public var id: Int64
    /// The sequence number of the record that was embedded: it is not stored for a record that changed since.
    public var seq: Int64
    /// `nil`: this record has none.
    public var vector: [Float]?

    public init(id: Int64, seq: Int64, vector: [Float]?) {
        self.id = id
        self.seq = seq
        self.vector = vector
    }
}
