/// A regular expression from a collection file.
public struct Pattern: Sendable, Hashable {
    /// As it was written.
    public let source: String
}
