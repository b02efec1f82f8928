/// What an index holds, as of the last batch applied. Sizes are of memory allocated, used or not.
public struct IndexStatistics: Sendable, Hashable {
    public internal(set) var liveRowCount = 0
    /// Replaced and deleted rows that still take room.
    public internal(set) var deadRowCount = 0
    public internal(set) var segmentCount = 0
    /// Codes with their scales and norms.
    public internal(set) var codeBytes = 0
    public internal(set) var columnBytes = 0
    /// Ids, and the map from an id to its row.
    public internal(set) var idBytes = 0

    /// Centroids and coarse codes; 0 while rows are not arranged.
    public internal(set) var arrangementBytes = 0

    public init() {}

    public var totalBytes: Int { codeBytes + columnBytes + idBytes + arrangementBytes }

    /// `totalBytes` for each live row; 0 without rows.
    public var bytesPerRow: Int { liveRowCount == 0 ? 0 : totalBytes / liveRowCount }
}
